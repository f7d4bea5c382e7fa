// Tumbling and sliding windows against a naive model of Flink's WindowOperator with EventTimeTrigger.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/window/sliding_window_operator.h"
#include "millrace/operators/window/tumbling_window_operator.h"
#include "millrace/testing/harness.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Item {
  std::int64_t key = 0;
  std::int64_t value = 0;
};
MILLRACE_RECORD(Item, key, value);

struct KeyOfItem {
  const std::int64_t& operator()(const Item& i) const { return i.key; }
};

// (key, window start, window end, result)
using Row = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

// Windows one by one, elements kept: as the documentation says it.
class Model {
 public:
  Model(const SliceWindows& w, std::int64_t lateness, bool maximum)
      : w_(w), lateness_(lateness), maximum_(maximum) {}

  void Push(const Item& item, std::int64_t time) {
    const std::int64_t slide = w_.slide.count();
    const std::int64_t last =
        EventTime::FloorDiv(time - w_.offset.count(), slide) * slide + w_.offset.count();
    bool any = false, taken = false;
    std::vector<std::int64_t> starts;
    for (std::int64_t start = last; start > time - w_.size.count(); start -= slide)
      starts.push_back(start);
    for (auto it = starts.rbegin(); it != starts.rend(); ++it) {
      any = true;
      const std::int64_t end = *it + w_.size.count();
      if (watermark_ != INT64_MIN && end - 1 + lateness_ <= watermark_) continue;
      taken = true;
      windows_[{end, item.key}].push_back(item.value);
      if (watermark_ != INT64_MIN && end - 1 <= watermark_) Fire(end, item.key);
    }
    if (!any) ++filtered;
    if (any && !taken) ++late;
  }
  void Watermark(std::int64_t watermark) {
    for (auto& [id, values] : windows_) {
      if (id.first - 1 <= watermark && (watermark_ == INT64_MIN || id.first - 1 > watermark_))
        Fire(id.first, id.second);
    }
    watermark_ = watermark;
    std::erase_if(windows_, [&](const auto& w) {
      return watermark == INT64_MAX || w.first.first - 1 + lateness_ <= watermark;
    });
  }
  std::vector<Row> Take() { return std::exchange(out_, {}); }
  std::uint64_t late = 0;
  std::uint64_t filtered = 0;

 private:
  void Fire(std::int64_t end, std::int64_t key) {
    std::int64_t result = maximum_ ? INT64_MIN : 0;
    for (const std::int64_t v : windows_[{end, key}])
      result = maximum_ ? std::max(result, v) : result + v;
    out_.emplace_back(key, end - w_.size.count(), end, result);
  }
  SliceWindows w_;
  std::int64_t lateness_;
  bool maximum_;
  std::int64_t watermark_ = INT64_MIN;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::int64_t>>
      windows_;  // (end, key)
  std::vector<Row> out_;
};

template <class Agg>
void Compare(std::uint64_t seed, const Agg& agg, bool maximum) {
  SCOPED_TRACE("seed " + std::to_string(seed) + (maximum ? ", max" : ", sum"));
  Random random(seed);
  const std::int64_t slide = random.Between(1, 12);
  const std::int64_t size = random.Chance(0.3) ? slide : random.Between(1, 40);
  const SliceWindows windows{Duration(size), Duration(slide), Duration(random.Between(-5, 5)),
                             false};
  const Duration lateness(random.Chance(0.5) ? 0 : random.Between(0, 30));
  SCOPED_TRACE("size " + std::to_string(size) + " slide " + std::to_string(slide) + " lateness " +
               std::to_string(lateness.count()));
  auto harness = testing::Harness<Item>([&](DataStream<Item> in) {
    return std::move(in)
        .KeyBy(KeyOfItem{})
        .Window(windows)
        .AllowedLateness(lateness)
        .Aggregate("windows", agg);
  });
  harness.SetStepRows(random.Chance(0.5) ? 1 + static_cast<std::int64_t>(random.Uniform(4))
                                         : 1 << 20);
  Model model(windows, lateness.count(), maximum);
  std::int64_t now = random.Between(0, 100), watermark = 0;
  const int steps = 5 + static_cast<int>(random.Uniform(60));
  for (int i = 0; i <= steps; ++i) {
    if (i == steps) {
      harness.Close();
      model.Watermark(INT64_MAX);
    } else if (random.Chance(0.75)) {
      now += random.Chance(0.1) ? random.Between(0, 200) : random.Between(0, 4);
      const std::int64_t time =
          std::max<std::int64_t>(now - (random.Chance(0.4) ? random.Between(0, 60) : 0), 0);
      const Item item{static_cast<std::int64_t>(random.Uniform(4)), random.Between(-50, 50)};
      harness.Push(item, EventTime::FromMillis(time));
      model.Push(item, time);
    } else {
      watermark = std::max(watermark, now - random.Between(-3, 30));
      harness.Watermark(testing::At(watermark));
      model.Watermark(watermark);
    }
    std::vector<Row> got;
    for (const auto& [row, time] : harness.TakeOutputs()) {
      EXPECT_EQ(time, row.window.max_timestamp());
      got.emplace_back(row.key, row.window.start.millis(), row.window.end.millis(), row.value);
    }
    std::vector<Row> want = model.Take();
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    ASSERT_EQ(got, want) << "step " << i;
  }
  EXPECT_EQ(harness.Counters().late.value(), model.late);
  EXPECT_EQ(harness.Counters().filtered.value(), model.filtered);
}

// The first value is the maximum of no other: a maximum that knows when it is empty.
struct MaxValue {
  using Accumulator = std::int64_t;
  Accumulator Create() const { return INT64_MIN; }
  void Add(Accumulator& acc, const Item& i) const { acc = std::max(acc, i.value); }
  void Merge(Accumulator& acc, const Accumulator& o) const { acc = std::max(acc, o); }
  Accumulator Result(const Accumulator& acc) const { return acc; }
};

// A sum that can't be subtracted: what is counted twice or not at all shows.
struct PlainSum {
  using Accumulator =
      std::pair<std::int64_t, std::string>;  // not plain bytes: rows must be moved, not copied
  Accumulator Create() const { return {0, "a string that is longer than fifteen letters"}; }
  void Add(Accumulator& acc, const Item& i) const { acc.first += i.value; }
  void Merge(Accumulator& acc, const Accumulator& o) const { acc.first += o.first; }
  std::int64_t Result(const Accumulator& acc) const {
    return acc.second.size() == 44 ? acc.first : -1000000;
  }
};

TEST(SliceWindows, AggregatesThatCantBeSubtractedCountEachValueOnce) {
  for (const std::uint64_t seed : test_support::Seeds(20001, 2000)) {
    Compare(seed, PlainSum{}, false);
    if (HasFatalFailure()) return;
  }
}

TEST(SliceWindows, InvertibleAggregatesEqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 3000)) {
    Compare(seed, Sum(&Item::value), false);
    if (HasFatalFailure()) return;
  }
}

TEST(SliceWindows, OtherAggregatesEqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(10001, 3000)) {
    Compare(seed, MaxValue{}, true);
    if (HasFatalFailure()) return;
  }
}

TEST(SliceWindows, ProcessingTimeWindowsFireWithTheClockAndAtTheEnd) {
  auto harness = testing::WindowHarness<Item>(KeyOfItem{}, TumblingProcessingTime(Duration(100)),
                                              Sum(&Item::value));
  const std::int64_t start = harness.Now().millis() / 100 * 100;
  harness.Push({1, 5});
  harness.Push({1, 6});
  harness.ProcessingTime(testing::At(start + 99));
  EXPECT_TRUE(harness.TakeOutputs().empty());
  harness.ProcessingTime(testing::At(start + 100));
  const auto first = harness.TakeOutputs();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].record.value, 11);
  harness.Push({1, 7});
  harness.Close();
  ASSERT_EQ(harness.TakeOutputs().size(), 1u);
}

TEST(SliceSchedule, EndsOfWindowsThatContainAPane) {
  const SliceSchedule sliding({Duration(10), Duration(4), Duration(0), false});
  EXPECT_EQ(sliding.pane(), 2);
  for (std::int64_t t = -50; t < 50; ++t) {
    const std::int64_t pane = sliding.PaneStart(t);
    EXPECT_LE(pane, t);
    EXPECT_LT(t, pane + 2);
    for (std::int64_t end = sliding.FirstEnd(pane); end <= sliding.LastEnd(pane); end += 4) {
      EXPECT_GE(t, end - 10);
      EXPECT_LT(t, end);
    }
    EXPECT_LE(sliding.FirstEnd(pane) - 4, pane);
    EXPECT_GT(sliding.LastEnd(pane) + 4 - 10, t);
  }
}

}  // namespace
}  // namespace millrace
