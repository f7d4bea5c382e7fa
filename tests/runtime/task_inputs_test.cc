#include "runtime/task/task_inputs.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/task/barrier_aligner.h"

namespace millrace {
namespace {

class FakeChannel final : public InputChannel {
 public:
  bool Pop(Element* element) override {
    if (elements.empty()) return false;
    *element = elements.front();
    elements.pop_front();
    return true;
  }
  void Return(Batch* batch) override { returned.push_back(batch); }
  bool HasInput() override { return !elements.empty(); }

  std::deque<Element> elements;
  std::vector<Batch*> returned;
};

struct Delete {
  void operator()(Batch* batch) const { DeleteBatch(batch); }
};
/// A row without the hash of its key.
std::unique_ptr<Batch, Delete> RowWithoutHash() {
  std::unique_ptr<Batch, Delete> batch(NewBatch(BatchTypeOf<std::int64_t>(), 4, {false, true}));
  batch->size = 1;
  batch->hashes[0] = 0;
  batch->hashes_owed = true;
  return batch;
}

Element Watermark(std::int64_t time) {
  return {Element::Kind::kWatermark, nullptr, time};
}
Element Barrier(std::int64_t checkpoint) {
  return {Element::Kind::kBarrier, nullptr, checkpoint};
}
const Element kEndOfInput{Element::Kind::kEnd, nullptr, 0};

/// Two channels whose barriers are overtaken.
class TaskInputsTest : public ::testing::Test {
 protected:
  TaskInputsTest() {
    for (FakeChannel& channel : channels_) inputs_.Add(&channel, 0, {});
  }
  /// Begins to record; what is recorded stands in `recorded_` as "CHANNEL:VALUE".
  bool Record(std::int64_t checkpoint) {
    recorded_.clear();
    inputs_.BeginRecording(checkpoint, aligner_, nullptr, 0, [this](ByteWriter bytes) {
      const auto element = InFlightElement::Decode(bytes.view());
      ASSERT_TRUE(element.ok()) << element.status();
      recorded_.push_back(std::to_string(element.value().channel) + ":" +
                          std::to_string(element.value().value));
    });
    return GoOn();
  }
  bool GoOn() {
    const bool whole = inputs_.GoOnRecording();
    if (whole) aligner_.OnOvertaken(std::exchange(last_, last_ + 1));
    return whole;
  }

  std::array<FakeChannel, 2> channels_;
  TaskInputs inputs_;
  BarrierAligner aligner_{2};
  std::vector<std::string> recorded_;
  std::int64_t last_ = 1;
};

using Texts = std::vector<std::string>;

TEST_F(TaskInputsTest, RecordsWhatStandsBeforeTheBarrierOfEachChannel) {
  channels_[0].elements = {Watermark(10), Barrier(1), Watermark(11)};
  channels_[1].elements = {Watermark(20)};
  EXPECT_FALSE(Record(1));
  channels_[1].elements = {Watermark(21), Barrier(1)};
  EXPECT_TRUE(GoOn());
  EXPECT_EQ(recorded_, (Texts{"0:10", "1:20", "1:21"}));
  std::size_t channel = 0;
  Element element;
  for (const std::int64_t next : {10, 20, 21, 11}) {
    ASSERT_TRUE(inputs_.Pull(aligner_, &channel, &element));
    EXPECT_EQ(element.value, next);
  }
}

/// Another thread fills the channels between two calls.
TEST_F(TaskInputsTest, WhatComesWhileItRecordsIsRecordedBeforeItIsGiven) {
  channels_[0].elements = {Barrier(1)};
  EXPECT_FALSE(Record(1));
  channels_[1].elements = {Watermark(20), Barrier(1), Watermark(21)};
  std::size_t channel = 0;
  Element element;
  EXPECT_FALSE(inputs_.Pull(aligner_, &channel, &element));
  EXPECT_TRUE(GoOn());
  EXPECT_EQ(recorded_, Texts{"1:20"});
  for (const std::int64_t next : {20, 21}) {
    ASSERT_TRUE(inputs_.Pull(aligner_, &channel, &element));
    EXPECT_EQ(element.value, next);
  }
}

TEST_F(TaskInputsTest, HashesThatWereLeftOutAreFilledOnceBeforeABatchIsRecordedOrGiven) {
  int filled = 0;
  inputs_.SetHashKeys([&](int, Batch& batch) {
    ++filled;
    batch.hashes[0] = 77;
  });
  const auto recorded = RowWithoutHash(), given = RowWithoutHash();
  channels_[0].elements = {{Element::Kind::kBatch, recorded.get(), 1}, Barrier(1)};
  channels_[1].elements = {Barrier(1), {Element::Kind::kBatch, given.get(), 1}};
  std::string bytes;
  inputs_.BeginRecording(1, aligner_, nullptr, 0,
                         [&](ByteWriter element) { bytes = element.view(); });
  EXPECT_TRUE(inputs_.GoOnRecording());
  aligner_.OnOvertaken(1);
  std::uint64_t hash = 0;  // the last column
  ASSERT_GE(bytes.size(), sizeof(hash));
  std::memcpy(&hash, bytes.data() + bytes.size() - sizeof(hash), sizeof(hash));
  EXPECT_EQ(hash, 77u);
  std::size_t channel = 0;
  Element element;
  for (Batch* const next : {recorded.get(), given.get()}) {
    ASSERT_TRUE(inputs_.Pull(aligner_, &channel, &element));
    EXPECT_EQ(element.batch, next);
    EXPECT_EQ(element.batch->hashes[0], 77u);
  }
  EXPECT_EQ(filled, 2);
}

TEST_F(TaskInputsTest, ABatchWhoseKeysThrowGoesBackToItsProducer) {
  inputs_.SetHashKeys([](int, Batch&) { throw std::runtime_error("no key"); });
  const auto batch = RowWithoutHash();
  channels_[0].elements = {{Element::Kind::kBatch, batch.get(), 1}};
  std::size_t channel = 0;
  Element element;
  EXPECT_THROW(inputs_.Pull(aligner_, &channel, &element), std::runtime_error);
  EXPECT_EQ(channels_[0].returned, std::vector<Batch*>{batch.get()});
}

TEST_F(TaskInputsTest, AnEndThatStillWaitsIsNotRecordedAgainNorWaitedBehind) {
  channels_[0].elements = {Watermark(10), kEndOfInput};
  channels_[1].elements = {Barrier(1), Barrier(2)};
  EXPECT_TRUE(Record(1));
  EXPECT_EQ(recorded_, Texts{"0:10"});
  EXPECT_TRUE(Record(2)) << "the channel that has ended has no barrier";
  EXPECT_EQ(recorded_, Texts{"0:10"}) << "ends are said again by sources";
}

TEST_F(TaskInputsTest, ABarrierThatWasReadForAnotherCheckpointIsThatOfItsOwn) {
  channels_[0].elements = {Watermark(10), Barrier(2), Watermark(11)};
  EXPECT_FALSE(Record(1));
  inputs_.StopRecording();  // was given up, before the channel's producer had come to it
  aligner_.OnAbort(1);
  channels_[1].elements = {Watermark(20), Barrier(2)};
  EXPECT_TRUE(Record(2));
  EXPECT_EQ(recorded_, (Texts{"0:10", "1:20"}));
}

}  // namespace
}  // namespace millrace
