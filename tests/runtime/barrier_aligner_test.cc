#include "runtime/task/barrier_aligner.h"

#include <gtest/gtest.h>

#include <deque>

#include "millrace/base/random.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

TEST(BarrierAligner, WaitsForAllChannels) {
  BarrierAligner aligner(3);
  EXPECT_EQ(aligner.OnBarrier(0, 1), 0);
  EXPECT_TRUE(aligner.blocked(0));
  EXPECT_FALSE(aligner.blocked(1));
  EXPECT_EQ(aligner.OnBarrier(2, 1), 0);
  EXPECT_EQ(aligner.OnBarrier(1, 1), 1);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(aligner.blocked(i));
}

TEST(BarrierAligner, AnEndedChannelHasEveryBarrier) {
  BarrierAligner aligner(2);
  EXPECT_EQ(aligner.OnBarrier(0, 1), 0);
  EXPECT_EQ(aligner.OnEnd(1), 1);
  EXPECT_EQ(aligner.OnBarrier(0, 2), 2);
  EXPECT_EQ(aligner.OnEnd(0), 0);
}

TEST(BarrierAligner, ANewerBarrierGivesUpTheOneAtHand) {
  BarrierAligner aligner(3);
  aligner.OnBarrier(0, 1);
  EXPECT_EQ(aligner.OnBarrier(1, 2), 0);
  EXPECT_FALSE(aligner.blocked(0)) << "its barrier 2 is still to come";
  EXPECT_EQ(aligner.OnBarrier(2, 1), 0) << "nobody waits for it";
  EXPECT_FALSE(aligner.blocked(2));
  aligner.OnBarrier(0, 2);
  EXPECT_EQ(aligner.OnBarrier(2, 2), 2);
}

TEST(BarrierAligner, AnAbortedCheckpointHoldsNothingBack) {
  BarrierAligner aligner(2);
  aligner.OnBarrier(0, 3);
  aligner.OnAbort(3);
  EXPECT_FALSE(aligner.blocked(0));
  EXPECT_EQ(aligner.OnBarrier(1, 3), 0);
  EXPECT_FALSE(aligner.blocked(1));
  aligner.OnBarrier(0, 4);
  EXPECT_EQ(aligner.OnBarrier(1, 4), 4);
}

TEST(BarrierAligner, WithoutBlockingChannelsAreReadOn) {
  BarrierAligner aligner(2, false);
  EXPECT_EQ(aligner.OnBarrier(0, 1), 0);
  EXPECT_FALSE(aligner.blocked(0));
  EXPECT_EQ(aligner.OnBarrier(1, 1), 1);
}

TEST(BarrierAligner, WithoutBlockingSeveralAreUnderWay) {
  BarrierAligner aligner(3, false);
  EXPECT_EQ(aligner.OnBarrier(0, 1), 0);
  EXPECT_EQ(aligner.OnBarrier(0, 2), 0);
  EXPECT_EQ(aligner.OnBarrier(1, 1), 0);
  EXPECT_EQ(aligner.pending(), 2);
  EXPECT_EQ(aligner.OnBarrier(2, 1), 1);
  EXPECT_EQ(aligner.OnBarrier(2, 2), 0);
  EXPECT_EQ(aligner.OnEnd(1), 2) << "an ended channel has every barrier";
  EXPECT_EQ(aligner.Next(), 0);
  EXPECT_EQ(aligner.pending(), 0);
  EXPECT_EQ(aligner.OnBarrier(0, 3), 0);
  aligner.OnAbort(3);
  EXPECT_EQ(aligner.pending(), 0);
  EXPECT_EQ(aligner.OnBarrier(2, 3), 0);
  EXPECT_EQ(aligner.OnBarrier(2, 4), 0);
  EXPECT_EQ(aligner.OnBarrier(0, 4), 4);
  aligner.OnBarrier(0, 5);
  aligner.OnBarrier(0, 6);
  EXPECT_EQ(aligner.OnEnd(2), 5);
  EXPECT_EQ(aligner.Next(), 6) << "both are complete with the end of the channel";
  EXPECT_EQ(aligner.Next(), 0);
}

// Channels with records, barriers and ends, read at random: at each snapshot exactly the records before the barriers were read.
TEST(BarrierAligner, ASnapshotHasExactlyWhatCameBeforeTheBarriers) {
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    constexpr std::int64_t kEnd = -1, kRecord = 0;
    std::vector<std::deque<std::int64_t>> channels(1 + random.Uniform(4));
    for (auto& channel : channels) {
      const bool ends_early = random.Chance(0.2);
      for (std::int64_t checkpoint = 1; checkpoint <= 5; ++checkpoint) {
        channel.insert(channel.end(), random.Uniform(5), kRecord);
        if (ends_early && random.Chance(0.3)) break;
        channel.push_back(checkpoint);
      }
      channel.push_back(kEnd);
    }
    BarrierAligner aligner(channels.size());
    std::vector<std::int64_t> barriers(channels.size());  // the last one read, per channel
    std::vector<bool> ended(channels.size());
    std::int64_t last = 0;
    for (bool progress = true; progress;) {
      progress = false;
      for (std::size_t tries = 0; tries < 20; ++tries) {
        const std::size_t i = random.Uniform(channels.size());
        if (channels[i].empty() || aligner.blocked(i)) continue;
        progress = true;
        const std::int64_t element = channels[i].front();
        channels[i].pop_front();
        std::int64_t complete = 0;
        if (element == kEnd) {
          ended[i] = true;
          complete = aligner.OnEnd(i);
        } else if (element != kRecord) {
          barriers[i] = element;
          complete = aligner.OnBarrier(i, element);
        }
        if (complete == 0) continue;
        EXPECT_EQ(complete, last + 1);
        last = complete;
        for (std::size_t c = 0; c < channels.size(); ++c)
          EXPECT_TRUE(barriers[c] == complete || (ended[c] && barriers[c] < complete));
      }
    }
    for (const auto& channel : channels) EXPECT_TRUE(channel.empty()) << "a channel stayed blocked";
  }
}

}  // namespace
}  // namespace millrace
