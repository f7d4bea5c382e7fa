// Splits and checkpoints: every split is with a reader before its barrier, or with the coordinator.
#include "runtime/task/splits/source_coordinator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/connectors/static_splits.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

std::unique_ptr<SplitEnumerator> Letters(int count, int parallelism, std::size_t at_once) {
  std::vector<std::string> splits;
  for (int i = 0; i < count; ++i) splits.emplace_back(1, static_cast<char>('a' + i));
  return MakeStaticSplitsOf(std::move(splits), parallelism, at_once);
}

TEST(SourceCoordinator, AReaderTakesNothingBetweenTheCoordinatorsPartAndItsOwn) {
  SourceCoordinator coordinator(Letters(2, 1, 1), 1);
  SourceControl* reader = coordinator.reader(0);
  std::string split;
  reader->RequestSplit();
  const std::string state = coordinator.BeginCheckpoint(7);
  EXPECT_NE(state.find('a'), std::string::npos);
  EXPECT_FALSE(reader->TakeSplit(&split));
  EXPECT_FALSE(reader->no_more_splits());
  reader->OnBarrier(7);
  ASSERT_TRUE(reader->TakeSplit(&split));
  EXPECT_EQ(split, "a");
  EXPECT_FALSE(reader->TakeSplit(&split));
}

TEST(SourceCoordinator, ACheckpointThatIsGivenUpKeepsNobodyWaiting) {
  SourceCoordinator coordinator(Letters(1, 1, 1), 1);
  SourceControl* reader = coordinator.reader(0);
  reader->RequestSplit();
  coordinator.BeginCheckpoint(1);
  coordinator.EndCheckpoint(1);
  std::string split;
  EXPECT_TRUE(reader->TakeSplit(&split));
}

TEST(SourceCoordinator, TwoOpenCheckpointsKeepAReaderFromReadingOnWithoutItsSplits) {
  SourceCoordinator coordinator(Letters(1, 1, 1), 1);
  SourceControl* reader = coordinator.reader(0);
  EXPECT_TRUE(reader->answered());
  reader->RequestSplit();
  coordinator.BeginCheckpoint(1);
  coordinator.BeginCheckpoint(2);
  reader->OnBarrier(1);
  std::string split;
  EXPECT_FALSE(reader->TakeSplit(&split));  // it is in the coordinator's part of the second
  EXPECT_FALSE(reader->answered());
  reader->OnBarrier(2);
  EXPECT_TRUE(reader->TakeSplit(&split));
  EXPECT_TRUE(reader->answered());
}

std::string Taken(SourceCoordinator& coordinator, int reader) {
  std::string all, split;
  coordinator.reader(reader)->RequestSplit();
  while (coordinator.reader(reader)->TakeSplit(&split)) all += split;
  return all;
}

TEST(SourceCoordinator, AsManyReadersAsThenGetTheSplitsThatWouldHaveBeenTheirs) {
  SourceCoordinator coordinator(Letters(6, 3, SIZE_MAX), 3);
  EXPECT_EQ(Taken(coordinator, 0), "ad");
  coordinator.reader(1)->RequestSplit();  // b and e are assigned, c and f are not
  const std::string state = coordinator.BeginCheckpoint(1);
  SourceCoordinator same(Letters(0, 3, SIZE_MAX), 3);
  ASSERT_TRUE(same.Restore(state).ok());
  EXPECT_EQ(Taken(same, 0), "");
  EXPECT_EQ(Taken(same, 1), "be");
  EXPECT_EQ(Taken(same, 2), "cf");
  SourceCoordinator fewer(Letters(0, 2, SIZE_MAX), 2);
  ASSERT_TRUE(fewer.Restore(state).ok());
  EXPECT_EQ(Taken(fewer, 0) + Taken(fewer, 1), "bcef");
}

// --- subtasks that go back alone

TEST(SourceCoordinator, ASubtaskGoesBackToACheckpointAndTheOthersKeepWhatTheyHave) {
  SourceCoordinator coordinator(Letters(9, 3, 1), 3);
  ASSERT_TRUE(coordinator.deals_ahead());
  EXPECT_EQ(Taken(coordinator, 0) + Taken(coordinator, 1), "ab");
  coordinator.reader(1)->RequestSplit();  // e is assigned
  const std::string state = coordinator.BeginCheckpoint(1);
  coordinator.EndCheckpoint(1);
  for (const int reader : {0, 1, 2}) {
    while (!Taken(coordinator, reader).empty()) {
    }
    EXPECT_TRUE(coordinator.reader(reader)->no_more_splits());
  }
  ASSERT_TRUE(coordinator.RestoreReader(1, state).ok());
  EXPECT_FALSE(coordinator.reader(1)->no_more_splits());
  EXPECT_EQ(Taken(coordinator, 1), "eh");
  EXPECT_EQ(Taken(coordinator, 0) + Taken(coordinator, 2), "");
}

TEST(SourceCoordinator, WithoutACheckpointASubtaskGetsWhatItBeganWith) {
  SourceCoordinator coordinator(Letters(4, 2, SIZE_MAX), 2);
  EXPECT_EQ(Taken(coordinator, 0), "ac");
  ASSERT_TRUE(coordinator.RestoreReader(0, std::nullopt).ok());
  EXPECT_EQ(Taken(coordinator, 0), "ac");
  EXPECT_EQ(Taken(coordinator, 1), "bd");
}

TEST(SourceCoordinator, FewerPilesThanSubtasksAreNotDealtAhead) {
  EXPECT_FALSE(SourceCoordinator(Letters(4, 1, 1), 2).deals_ahead());
}

TEST(SourceCoordinator, StartedAgainItIsAsNew) {
  SourceCoordinator coordinator(Letters(2, 1, 1), 1);
  EXPECT_EQ(Taken(coordinator, 0), "a");
  EXPECT_EQ(Taken(coordinator, 0), "b");
  EXPECT_EQ(Taken(coordinator, 0), "");
  EXPECT_TRUE(coordinator.reader(0)->no_more_splits());
  coordinator.BeginCheckpoint(1);
  coordinator.StartAgain(Letters(3, 1, SIZE_MAX));
  EXPECT_FALSE(coordinator.reader(0)->no_more_splits());
  EXPECT_EQ(Taken(coordinator, 0), "abc") << "no checkpoint of before keeps it waiting";
}

TEST(SourceCoordinator, WhatDoesNotDecodeIsRefused) {
  SourceCoordinator coordinator(Letters(3, 1, 1), 1);
  const std::string state = coordinator.BeginCheckpoint(1);
  for (std::size_t size = 0; size < state.size(); ++size) {
    SourceCoordinator other(Letters(3, 1, 1), 1);
    EXPECT_EQ(other.Restore(state.substr(0, size)).code(), StatusCode::kDataLoss) << size;
    EXPECT_EQ(other.RestoreReader(0, state.substr(0, size)).code(), StatusCode::kDataLoss) << size;
  }
}

// Readers at random, a checkpoint at a random moment: its splits and those that readers took before their barriers are all.
TEST(SourceCoordinator, EverySplitIsInACheckpointOnce) {
  for (const std::uint64_t seed : test_support::Seeds(1, 2000)) {
    Random random(seed);
    const int splits = static_cast<int>(random.Uniform(12));
    const int readers = 1 + static_cast<int>(random.Uniform(4));
    SourceCoordinator coordinator(Letters(splits, readers, 1 + random.Uniform(3)), readers);
    std::map<std::string, int> found;
    std::vector<bool> passed(static_cast<std::size_t>(readers));
    std::string state;
    const auto take = [&](int i) {
      std::string split;
      if (!coordinator.reader(i)->TakeSplit(&split)) return;
      if (!passed[static_cast<std::size_t>(i)]) ++found[split];
    };
    for (std::uint64_t turn = 0, begin = random.Uniform(30); turn < 80; ++turn) {
      if (turn == begin) state = coordinator.BeginCheckpoint(1);
      const int i = static_cast<int>(random.Uniform(static_cast<std::uint64_t>(readers)));
      switch (random.Uniform(3)) {
        case 0:
          coordinator.reader(i)->RequestSplit();
          break;
        case 1:
          take(i);
          break;
        default:
          if (turn <= begin) break;
          coordinator.reader(i)->OnBarrier(1);
          passed[static_cast<std::size_t>(i)] = true;
      }
    }
    for (int i = 0; i < readers; ++i) passed[static_cast<std::size_t>(i)] = false;
    // The rest comes out of the checkpoint, at another parallelism.
    const int others = 1 + static_cast<int>(random.Uniform(4));
    SourceCoordinator restored(Letters(0, others, 1), others);
    ASSERT_TRUE(restored.Restore(state).ok());
    for (int round = 0; round < 40; ++round) {
      for (int i = 0; i < others; ++i) {
        std::string split;
        restored.reader(i)->RequestSplit();
        while (restored.reader(i)->TakeSplit(&split)) ++found[split];
      }
    }
    ASSERT_EQ(found.size(), static_cast<std::size_t>(splits)) << "seed " << seed;
    for (const auto& [split, times] : found)
      ASSERT_EQ(times, 1) << "seed " << seed << ": " << split;
  }
}

}  // namespace
}  // namespace millrace
