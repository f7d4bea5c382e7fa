// Tumbling and sliding windows, by event time and by the clock, against a naive model of Flink's WindowOperator.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "millrace/base/random.h"
#include "millrace/operators/window/sliding_window_operator.h"
#include "millrace/operators/window/tumbling_window_operator.h"
#include "tests/operators/window_model.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

class SliceModel final : public WindowModel {
 public:
  SliceModel(const SliceWindows& windows, std::int64_t lateness, Corners* corners)
      : WindowModel(lateness, corners),
        size_(windows.size.count()),
        slide_(windows.slide.count()),
        offset_(windows.offset.count()) {}

  void Push(std::int64_t key, std::int64_t id, std::int64_t time) override {
    const std::int64_t last = EventTime::FloorDiv(time - offset_, slide_) * slide_ + offset_;
    int in = 0, gone = 0;
    for (std::int64_t start = last; start > time - size_; start -= slide_) {
      ++in;
      const std::int64_t end = start + size_;
      if (Gone(end)) {
        ++gone;
        continue;
      }
      Numbers& ids = windows_[{end, key}];
      ids.push_back(id);
      if (Reached(end)) Fire(key, start, end, ids, true);
    }
    if (in == 0) {
      ++filtered;
      ++corners_.filtered;
    } else if (gone == in) {
      late.emplace_back(id, time);
      ++corners_.too_late;
    } else if (gone > 0) {
      ++corners_.partly_late;
    }
  }
  void Advance(std::int64_t through) override {
    std::vector<std::pair<std::int64_t, std::int64_t>> due;
    for (const auto& [id, ids] : windows_) {
      if (!Reached(id.first) && id.first - 1 <= through) due.push_back(id);
    }
    SetThrough(through);
    for (const auto& [end, key] : due) Fire(key, end - size_, end, windows_[{end, key}], false);
    std::erase_if(windows_, [&](const auto& w) { return Gone(w.first.first); });
  }
  std::size_t rows() const override { return windows_.size(); }

 private:
  const std::int64_t size_, slide_, offset_;
  std::map<std::pair<std::int64_t, std::int64_t>, Numbers> windows_;  // by end and key
};

/// Windows one after the other, overlapping ones whose slide divides their size or does not, and ones with gaps.
enum Shape { kTumbling, kDivided, kUneven, kGaps, kShapes };
constexpr const char* kNames[] = {"tumbling", "divided", "uneven", "gaps"};

SliceWindows Draw(Random& random, Shape shape, bool by_clock) {
  std::int64_t slide = random.Between(1, 12), size = slide;
  if (shape == kDivided) size = slide * random.Between(2, 6);
  if (shape == kUneven) {
    slide = random.Between(2, 12);
    size = slide * random.Between(1, 4) + random.Between(1, slide - 1);
  }
  if (shape == kGaps) slide = random.Chance(0.3) ? 2 * size : size + random.Between(1, 12);
  const Duration offset(random.Chance(0.3) ? 0 : random.Between(-2 * size, 2 * size));
  return {Duration(size), Duration(slide), offset, by_clock};
}

template <class Agg>
void Compare(std::uint64_t seed, bool by_clock, Corners (&corners)[kShapes]) {
  Random random(seed);
  const auto shape = static_cast<Shape>(random.Uniform(kShapes));
  const SliceWindows windows = Draw(random, shape, by_clock);
  const std::int64_t size = windows.size.count(), slide = windows.slide.count();
  const Duration lateness(random.Chance(0.4) ? 0 : random.Between(0, 2 * size));
  SCOPED_TRACE("seed " + std::to_string(seed) + " size " + std::to_string(size) + " slide " +
               std::to_string(slide) + " offset " + std::to_string(windows.offset.count()) +
               " lateness " + std::to_string(lateness.count()));
  WindowHarness<Agg> harness(WindowPipeline<Agg>(windows, lateness));
  if (random.Chance(0.5)) harness.SetStepRows(random.Between(1, 4));
  SliceModel model(windows, by_clock ? 0 : lateness.count(), &corners[shape]);
  WindowRun<Agg> run(&harness, &model, &corners[shape],
                     {by_clock, by_clock && random.Chance(0.3), slide % size == 0});
  run.All({&random, size, lateness.count(), harness.Now().millis(), by_clock ? 0.9 : 0.1});
}

template <class Agg>
void CompareAll(std::uint64_t first, std::uint64_t count, bool by_clock) {
  Corners corners[kShapes];
  for (const std::uint64_t seed : test_support::Seeds(first, count))
    Compare<Agg>(seed, by_clock, corners);
  for (int shape = 0; shape < kShapes; ++shape) {
    SCOPED_TRACE(kNames[shape]);
    const Corners& c = corners[shape];
    const bool overlap = shape == kDivided || shape == kUneven;
    c.Require({{"open at the end", c.open_at_end}, {"batches", c.batches}});
    if (shape == kGaps) c.Require({{"in a gap", c.filtered}});
    if (overlap) c.Require({{"leaps", c.leaps}, {"full", c.full}});
    if (by_clock) continue;
    c.Require({{"leaps", c.leaps},
               {"negative", c.negative},
               {"fired again", c.fired_again},
               {"late", c.too_late}});
    if (overlap) c.Require({{"partly late", c.partly_late}});
  }
}

TEST(SliceWindows, AggregatesThatSubtractEqualTheModel) {
  CompareAll<SumOfValues>(1, 2000, false);
}
TEST(SliceWindows, AggregatesOfPlainBytesEqualTheModel) {
  CompareAll<MaxOfValues>(10001, 2000, false);
}
TEST(SliceWindows, AggregatesThatOwnTextsEqualTheModel) {
  CompareAll<Ids>(20001, 1200, false);
}
TEST(SliceWindows, ByTheClockAggregatesThatSubtractEqualTheModel) {
  CompareAll<SumOfValues>(30001, 800, true);
}
TEST(SliceWindows, ByTheClockAggregatesThatOwnTextsEqualTheModel) {
  CompareAll<Ids>(40001, 800, true);
}

TEST(SliceWindows, ProcessingTimeWindowsFireWithTheClockAndAtTheEnd) {
  auto harness = testing::WindowHarness<Item>(KeyOfItem{}, TumblingProcessingTime(Duration(100)),
                                              Sum(&Item::value));
  const std::int64_t start = harness.Now().millis() / 100 * 100;
  harness.Push({1, 0, 5, {}});
  harness.Push({1, 1, 6, {}});
  harness.ProcessingTime(testing::At(start + 99));
  EXPECT_TRUE(harness.TakeOutputs().empty());
  harness.ProcessingTime(testing::At(start + 100));
  const auto first = harness.TakeOutputs();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].record.value, 11);
  harness.Push({1, 2, 7, {}});
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
