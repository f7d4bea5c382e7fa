// The index over due times, and the due times of one key, against ordered sets.
#include "millrace/state/timer_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <utility>

#include "millrace/base/random.h"
#include "millrace/state/due_times.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

TEST(TimerQueue, GivesEntriesInTheOrderOfTimeLikeAnOrderedSet) {
  for (const std::uint64_t seed : test_support::Seeds(1, 500)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    TimerQueue queue;
    std::multiset<std::pair<std::int64_t, std::uint64_t>> model;
    const std::int64_t spread = std::int64_t{1} << random.Uniform(50);
    std::int64_t now = random.Between(-spread, spread);
    for (int i = 0; i < 300; ++i) {
      if (random.Chance(0.6)) {
        // Behind the present too: such a timer fires when time advances next.
        const std::int64_t time = random.Chance(0.02) ? INT64_MAX - random.Between(0, 1)
                                                      : now + random.Between(-spread / 8, spread);
        const std::uint64_t hash = random.Uniform(100);
        queue.Push(time, hash);
        model.emplace(time, hash);
      } else {
        now = std::max(now, now + random.Between(-2, spread));
        TimerQueue::Entry entry;
        std::int64_t last = INT64_MIN;
        const int most = random.Chance(0.3) ? 2 : 1000;  // stop in the middle
        for (int n = 0; n < most && queue.Pop(now, &entry); ++n) {
          ASSERT_GE(entry.time, last);
          ASSERT_EQ(entry.time, model.begin()->first);
          last = entry.time;
          const auto at = model.find({entry.time, entry.hash});
          ASSERT_NE(at, model.end());
          model.erase(at);
        }
        if (most > 2) {
          ASSERT_TRUE(model.empty() || model.begin()->first > now);
        }
      }
      ASSERT_EQ(queue.size(), model.size());
      ASSERT_LE(queue.next(), model.empty() ? INT64_MAX : model.begin()->first);
    }
  }
}

TEST(TimerQueue, TellsWhatComesWithAnEntry) {
  TimerQueue queue;
  std::uint64_t hashes[8];
  TimerQueue::Entry entry;
  for (const std::uint64_t hash : {1, 2, 3, 4}) queue.Push(10, hash);
  queue.Push(20, 5);
  EXPECT_EQ(queue.TakeComing(hashes, 8), 0u);  // nothing is due
  ASSERT_TRUE(queue.Pop(15, &entry));
  ASSERT_EQ(queue.TakeComing(hashes, 2), 2u);  // no more than is asked for
  EXPECT_EQ(queue.TakeComing(hashes, 8), 0u);  // once
  for (const std::uint64_t told : {hashes[0], hashes[1]}) {
    ASSERT_TRUE(queue.Pop(15, &entry));
    EXPECT_EQ(entry.hash, told);
  }
  ASSERT_TRUE(queue.Pop(15, &entry));
  EXPECT_FALSE(queue.Pop(15, &entry));
  ASSERT_TRUE(queue.Pop(20, &entry));
  EXPECT_EQ(queue.TakeComing(hashes, 8), 0u);  // it came alone
}

TEST(DueTimes, EqualASet) {
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    Random random(seed);
    DueTimes due;
    std::set<std::int64_t> model;
    for (int i = 0; i < 100; ++i) {
      const std::int64_t time = random.Between(-6, 6);
      if (random.Chance(0.5)) {
        EXPECT_EQ(due.Insert(time), model.insert(time).second);
      } else {
        EXPECT_EQ(due.Erase(time), model.erase(time) > 0);
      }
      for (std::int64_t t = -6; t <= 6; ++t)
        ASSERT_EQ(due.Contains(t), model.count(t) > 0) << "seed " << seed;
      ASSERT_EQ(due.size(), model.size());
      ASSERT_EQ(due.empty(), model.empty());
    }
  }
}

}  // namespace
}  // namespace millrace
