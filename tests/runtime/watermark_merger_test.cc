#include "runtime/task/watermark_merger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "millrace/base/random.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

EventTime At(std::int64_t millis) {
  return EventTime::FromMillis(millis);
}

TEST(WatermarkMerger, TheSlowestChannelSetsTheTime) {
  WatermarkMerger merger(2);
  EXPECT_FALSE(merger.OnWatermark(0, At(10)));
  EXPECT_TRUE(merger.OnWatermark(1, At(5)));
  EXPECT_EQ(merger.watermark(), At(5));
  EXPECT_TRUE(merger.OnWatermark(1, At(20)));
  EXPECT_EQ(merger.watermark(), At(10));
}

TEST(WatermarkMerger, AnIdleChannelDoesNotHoldTimeBack) {
  WatermarkMerger merger(2);
  merger.OnWatermark(0, At(10));
  EXPECT_TRUE(merger.OnIdle(1));
  EXPECT_EQ(merger.watermark(), At(10));
  EXPECT_FALSE(merger.all_idle());
  merger.OnIdle(0);
  EXPECT_TRUE(merger.all_idle());
  merger.OnRecord(1);
  EXPECT_FALSE(merger.all_idle());
  EXPECT_FALSE(merger.OnWatermark(1, At(3))) << "time never goes back";
  EXPECT_EQ(merger.watermark(), At(10));
}

TEST(WatermarkMerger, AnEndedChannelIsOutOfTheMinimum) {
  WatermarkMerger merger(2);
  merger.OnWatermark(0, At(10));
  EXPECT_TRUE(merger.OnEnd(1));
  EXPECT_EQ(merger.watermark(), At(10));
  EXPECT_FALSE(merger.OnEnd(0));
  EXPECT_TRUE(merger.all_ended());
}

// An input that ends sends the watermark behind every time first.
TEST(WatermarkMerger, TheEndOfTheOthersIsNotTheEndOfAnIdleChannel) {
  WatermarkMerger merger(2);
  merger.OnWatermark(0, At(10));
  merger.OnWatermark(1, At(20));
  merger.OnIdle(0);
  EXPECT_FALSE(merger.OnWatermark(1, EventTime::Max()));
  EXPECT_FALSE(merger.OnEnd(1));
  EXPECT_EQ(merger.watermark(), At(20));
  EXPECT_TRUE(merger.all_idle());
  EXPECT_TRUE(merger.OnWatermark(0, At(30)));
  EXPECT_EQ(merger.watermark(), At(30));
  EXPECT_TRUE(merger.OnWatermark(0, EventTime::Max()));
}

// The final watermark of an input comes before its end: what an idle one still brings must not be late for it.
TEST(WatermarkMerger, AnEndThatAnIdleChannelDoesNotShareIsNotTheEndOfTime) {
  WatermarkMerger merger(3);
  merger.OnWatermark(0, At(5));
  merger.OnWatermark(1, At(8));
  merger.OnIdle(0);
  EXPECT_TRUE(merger.OnEnd(2));
  EXPECT_EQ(merger.watermark(), At(8));
  EXPECT_FALSE(merger.OnWatermark(1, EventTime::Max()));
  EXPECT_FALSE(merger.OnEnd(1));
  merger.OnRecord(0);
  EXPECT_TRUE(merger.OnWatermark(0, At(9)));
  EXPECT_EQ(merger.watermark(), At(9));
  EXPECT_TRUE(merger.OnWatermark(0, EventTime::Max())) << "the last one";
}

// Random events against the definition: the highest minimum over active channels seen so far.
TEST(WatermarkMerger, RandomEventsEqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 200)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::size_t n = 1 + random.Uniform(4);
    WatermarkMerger merger(n);
    struct Channel {
      std::int64_t mark = INT64_MIN;
      bool idle = false, ended = false;
    };
    std::vector<Channel> model(n);
    std::int64_t best = INT64_MIN;
    for (int i = 0; i < 100; ++i) {
      const std::size_t c = random.Uniform(n);
      if (model[c].ended) continue;
      const std::uint64_t what = random.Uniform(10);
      if (what < 7) {
        const std::int64_t t = random.Chance(0.05) ? INT64_MAX : random.Between(0, 200);
        model[c].idle = false;
        model[c].mark = std::max(model[c].mark, t);
        merger.OnWatermark(c, At(t));
      } else if (what < 9) {
        model[c].idle = true;
        merger.OnIdle(c);
      } else {
        model[c].ended = true;
        merger.OnEnd(c);
      }
      std::optional<std::int64_t> low;
      bool idle = false;
      for (const Channel& m : model) {
        if (!m.idle && !m.ended) low = std::min(low.value_or(INT64_MAX), m.mark);
        idle |= m.idle && !m.ended;
      }
      if (low.has_value() && !(idle && *low == INT64_MAX)) best = std::max(best, *low);
      ASSERT_EQ(merger.watermark().millis(), best);
    }
  }
}

}  // namespace
}  // namespace millrace
