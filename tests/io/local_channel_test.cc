// The queue between two threads, and the channel that is made of two of them.
#include "millrace/io/channel/local_channel.h"

#include <gtest/gtest.h>

#include <thread>

#include "millrace/io/record.h"

namespace millrace {
namespace {

struct Row {
  std::int64_t value = 0;
};
MILLRACE_RECORD(Row, value);

TEST(SpscQueue, KeepsOrderBetweenTwoThreads) {
  constexpr std::int64_t kCount = 300000;
  SpscQueue<std::int64_t> queue;
  std::thread producer([&] {
    for (std::int64_t i = 0; i < kCount; ++i) queue.Push(i);
  });
  std::int64_t value = -1;
  for (std::int64_t want = 0; want < kCount;) {
    if (!queue.TryPop(&value)) continue;
    if (value != want) break;
    ++want;
  }
  producer.join();
  EXPECT_EQ(value, kCount - 1);
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.TryPop(&value));
}

class Channel : public ::testing::TestWithParam<bool> {
 protected:
  LocalChannelOptions Options() const {
    LocalChannelOptions options;
    options.type = &BatchTypeOf<Row>();
    options.batch_rows = 4;
    options.credits = 3;
    options.serialized = GetParam();
    return options;
  }
  static void Fill(OutputChannel& channel, std::int64_t value) {
    Batch* batch = channel.TakeOverdraft();
    batch->rows_as<Row>()[0].value = value;
    batch->size = 1;
    channel.Push(batch);
  }
};

// A step may emit far beyond its credit and then end; the producer is not stepped again until the consumer
// has read everything, and neither side may be left waiting for the other.
TEST_P(Channel, AnyOverdraftArrivesAndItsCreditComesBackWithoutHelp) {
  constexpr int kBatches = 1000;
  LocalChannel channel(Options());
  for (int i = 0; i < kBatches; ++i) Fill(channel, i);
  channel.PushControl({Element::Kind::kEnd, nullptr, 0});
  EXPECT_FALSE(channel.HasCredit());
  Element element;
  for (int i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(channel.Pop(&element));
    ASSERT_EQ(element.kind, Element::Kind::kBatch);
    EXPECT_EQ(element.batch->rows_as<Row>()[0].value, i);
    channel.Return(element.batch);
  }
  ASSERT_TRUE(channel.Pop(&element));
  EXPECT_EQ(element.kind, Element::Kind::kEnd);
  EXPECT_FALSE(channel.Pop(&element));
  EXPECT_TRUE(channel.HasCredit());
}

TEST_P(Channel, WithoutCreditTakeGivesNothing) {
  LocalChannel channel(Options());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(channel.HasCredit());
    Fill(channel, i);
  }
  EXPECT_EQ(channel.Take(), nullptr);
  EXPECT_FALSE(channel.ConsumerStarves());
  // Of three credits two must have come back: a producer that went on for each one would sleep and wake for each batch.
  Element element;
  ASSERT_TRUE(channel.Pop(&element));
  channel.Return(element.batch);
  EXPECT_FALSE(channel.HasCredit());
  ASSERT_TRUE(channel.Pop(&element));
  channel.Return(element.batch);
  EXPECT_TRUE(channel.HasCredit());
}

struct CountedWakes : Waker {
  void Wake() override { ++count; }
  int count = 0;
};

TEST_P(Channel, AWaitingProducerIsWokenWhenItCanGoOn) {
  CountedWakes wakes;
  LocalChannel channel(Options());
  channel.set_producer_waker(&wakes);
  for (int round = 0; round < 3; ++round) {
    int filled = 0;
    for (; channel.HasCredit(); ++filled) Fill(channel, filled);
    const int before = wakes.count;
    Element element;
    for (; filled > 0 && wakes.count == before; --filled) {
      ASSERT_TRUE(channel.Pop(&element));
      channel.Return(element.batch);
    }
    EXPECT_GT(wakes.count, before);
    EXPECT_TRUE(channel.HasCredit()) << "woken for nothing";
    if (round == 0) {
      EXPECT_EQ(filled, 1) << "woken for the first credit";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Exchange, Channel, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Serialized" : "Local"; });

}  // namespace
}  // namespace millrace
