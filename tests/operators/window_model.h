#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "millrace/operators/aggregators.h"
#include "millrace/testing/harness.h"
#include "tests/support/drawn_input.h"
#include "tests/support/seeds.h"

namespace millrace {

/// What the windows' tests push. Its text is a view into a batch that dies, so that state must have made it its own.
struct Item {
  std::int64_t key = 0;
  std::int64_t id = 0;
  std::int64_t value = 0;
  String text;
};
MILLRACE_RECORD(Item, key, id, value, text);

struct KeyOfItem {
  const std::int64_t& operator()(const Item& i) const { return i.key; }
};

/// What a record of this number weighs, in [-50, 50].
inline std::int64_t ValueOf(std::int64_t id) {
  return static_cast<std::int64_t>(Random(static_cast<std::uint64_t>(id)).Uniform(101)) - 50;
}
inline std::string TextOf(std::int64_t id) {
  return "a text that is long enough " + std::to_string(id);
}

using Numbers = std::vector<std::int64_t>;

/// The records of a window by their numbers, read from their texts, in one order whatever order they came in: merging
/// must lose none and take none twice.
struct Ids {
  using Accumulator = std::vector<String>;
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const Item& i) const { acc.push_back(i.text); }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    acc.insert(acc.end(), o.begin(), o.end());
  }
  Numbers Result(const Accumulator& acc) const {
    Numbers ids;
    for (const String& s : acc) {
      const std::string text(s.view());
      const std::int64_t id = std::strtoll(text.c_str() + text.rfind(' ') + 1, nullptr, 10);
      ids.push_back(text == TextOf(id) ? id : -1);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  static Numbers Naive(const Numbers& ids) { return ids; }
};
/// Invertible: sliding windows subtract.
struct SumOfValues : Sum<Item, std::int64_t> {
  SumOfValues() : Sum(&Item::value) {}
  static Numbers Naive(const Numbers& ids) {
    std::int64_t sum = 0;
    for (const std::int64_t id : ids) sum += ValueOf(id);
    return {sum};
  }
};
/// Plain bytes that can't be subtracted. The first value is the maximum of no other: it knows when it is empty.
struct MaxOfValues {
  using Accumulator = std::int64_t;
  Accumulator Create() const { return INT64_MIN; }
  void Add(Accumulator& acc, const Item& i) const { acc = std::max(acc, i.value); }
  void Merge(Accumulator& acc, const Accumulator& o) const { acc = std::max(acc, o); }
  Accumulator Result(const Accumulator& acc) const { return acc; }
  static Numbers Naive(const Numbers& ids) {
    std::int64_t most = INT64_MIN;
    for (const std::int64_t id : ids) most = std::max(most, ValueOf(id));
    return {most};
  }
};
static_assert(kInvertible<SumOfValues> && !kInvertible<Ids> && !kInvertible<MaxOfValues>);

/// A window's result: key, start, end, what the aggregate makes of its records.
using WindowRow = std::tuple<std::int64_t, std::int64_t, std::int64_t, Numbers>;

/// How often the drawn input got into the corners; asked for after all sequences, so that no test passes on easy input only.
struct Corners {
  std::uint64_t sequences = 0;
  std::uint64_t fired_again = 0;  // by a late record that was allowed
  std::uint64_t too_late = 0;     // all its windows are gone
  std::uint64_t partly_late = 0;  // some are gone
  std::uint64_t filtered = 0;     // in no window
  std::uint64_t merged = 0;       // sessions that became one
  std::uint64_t leaps = 0;        // one advance fires five windows of different ends
  std::uint64_t negative = 0;     // a window that begins before 1970
  std::uint64_t open_at_end = 0;  // windows that the end of input fires
  std::uint64_t full = 0;         // twenty records in one window
  std::uint64_t batches = 0;      // of more than 64 records, a block

  /// Each of these has been met once in fifty sequences.
  void Require(const std::vector<std::pair<const char*, std::uint64_t>>& named) const {
    if (!test_support::AllSeeds()) return;
    for (const auto& [name, count] : named) EXPECT_GT(count, sequences / 50) << name;
  }
};

/// Flink's WindowOperator with EventTimeTrigger in the words of its documentation: windows one by one, all records kept.
/// `Kind` draws and merges the windows. The clock's windows are the same, with the clock as the records' time and
/// without lateness.
class WindowModel {
 public:
  WindowModel(std::int64_t lateness, Corners* corners) : corners_(*corners), lateness_(lateness) {}
  virtual ~WindowModel() = default;
  virtual void Push(std::int64_t key, std::int64_t id, std::int64_t time) = 0;
  /// Fires the windows whose last millisecond is reached and drops those that are past their lateness.
  virtual void Advance(std::int64_t through) = 0;
  /// Keys and windows, or keys, that are still there.
  virtual std::size_t rows() const = 0;

  struct Fired {
    std::int64_t key, start, end;
    Numbers ids;
  };
  std::vector<Fired> fired;
  std::vector<std::pair<std::int64_t, std::int64_t>> late;  // id, time
  std::uint64_t filtered = 0;

 protected:
  bool Reached(std::int64_t end) const { return any_ && end - 1 <= through_; }
  bool Gone(std::int64_t end) const { return any_ && end - 1 + lateness_ <= through_; }
  void Fire(std::int64_t key, std::int64_t start, std::int64_t end, Numbers ids, bool again) {
    std::sort(ids.begin(), ids.end());
    if (again) ++corners_.fired_again;
    if (start < 0) ++corners_.negative;
    if (ids.size() >= 20) ++corners_.full;
    if (through_ == INT64_MAX) ++corners_.open_at_end;
    fired.push_back({key, start, end, std::move(ids)});
  }
  void SetThrough(std::int64_t through) {
    any_ = true;
    through_ = through;
  }
  Corners& corners_;

 private:
  const std::int64_t lateness_;
  bool any_ = false;
  std::int64_t through_ = 0;
};

/// The harness of windows with allowed lateness and a side output for late records.
template <class Agg>
using WindowHarness = test_support::Batched<
    testing::OperatorHarness<WindowResult<std::int64_t, AggregateResult<Agg>>, Item>>;
template <class Agg, class Windows>
auto WindowPipeline(Windows windows, Duration lateness) {
  return [=](DataStream<Item> in) {
    return std::move(in)
        .KeyBy(KeyOfItem{})
        .Window(windows)
        .AllowedLateness(lateness)
        .SideOutputLate(OutputTag<Item>{"late"})
        .Aggregate("windows", Agg{});
  };
}

/// Runs drawn input through an operator and its model, and compares them after each step.
template <class Agg>
class WindowRun {
 public:
  using Harness = WindowHarness<Agg>;
  struct Setting {
    bool by_clock = false;  // processing time
    bool no_times = false;  // the records have no event time
    bool all_rows = false;  // the model knows how many rows of state there are
  };
  WindowRun(Harness* harness, WindowModel* model, Corners* corners, Setting setting)
      : harness_(*harness), model_(*model), corners_(*corners), setting_(setting) {}

  void All(test_support::DrawnInput input) {
    using Kind = test_support::DrawnInput::Kind;
    ++corners_.sequences;
    for (int i = 0;; ++i) {
      const auto step = input.Next();
      bool in_order = true;  // of what fires: by the windows' ends
      if (step.kind == Kind::kRecords) {
        Push(step.records, input.clock());
        in_order = false;
      } else if (step.kind == Kind::kWatermark) {
        harness_.Watermark(testing::At(step.to));
        if (!setting_.by_clock) model_.Advance(step.to);
      } else if (step.kind == Kind::kClock) {
        harness_.ProcessingTime(testing::At(step.to));
        if (setting_.by_clock) model_.Advance(step.to - 1);
      } else {
        harness_.Close();
        model_.Advance(INT64_MAX);
      }
      Compare(in_order);
      if (::testing::Test::HasFailure()) FAIL() << "in step " << i;
      if (step.kind == Kind::kEnd) break;
    }
    EXPECT_EQ(harness_.Counters().late.value(), late_);
    EXPECT_EQ(harness_.Counters().filtered.value(), model_.filtered);
    EXPECT_EQ(harness_.Counters().in.value(), static_cast<std::uint64_t>(ids_));
  }

 private:
  void Push(const std::vector<test_support::DrawnInput::Record>& records, std::int64_t clock) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < records.size(); ++i)
      texts.push_back(TextOf(ids_ + static_cast<std::int64_t>(i)));
    std::vector<Item> items;
    std::vector<EventTime> times;
    for (const auto& r : records) {
      const std::int64_t id = ids_++;
      items.push_back({r.key, id, ValueOf(id), String::View(texts[items.size()])});
      times.push_back(setting_.no_times ? EventTime::Min() : EventTime::FromMillis(r.time));
      model_.Push(r.key, id, setting_.by_clock ? clock : r.time);
    }
    if (records.size() > 64) ++corners_.batches;
    if (records.size() == 1) {
      harness_.Push(items[0], times[0]);
    } else {
      harness_.template PushRows<0>(items, times);
    }
    for (std::string& text : texts) std::fill(text.begin(), text.end(), '#');
  }

  static Numbers Of(const Numbers& result) { return result; }
  static Numbers Of(std::int64_t result) { return {result}; }

  void Compare(bool in_order) {
    std::vector<WindowRow> got, want;
    std::int64_t last_end = INT64_MIN;
    for (const auto& [row, time] : harness_.TakeOutputs()) {
      EXPECT_EQ(time, row.window.max_timestamp());
      const std::int64_t end = row.window.end.millis();
      if (in_order) {
        EXPECT_GE(end, last_end) << "windows fire in the order of time";
      }
      last_end = end;
      got.emplace_back(row.key, row.window.start.millis(), end, Of(row.value));
    }
    std::vector<std::int64_t> ends;
    for (const auto& f : std::exchange(model_.fired, {})) {
      want.emplace_back(f.key, f.start, f.end, Agg::Naive(f.ids));
      ends.push_back(f.end);
    }
    std::sort(ends.begin(), ends.end());
    if (in_order && std::unique(ends.begin(), ends.end()) - ends.begin() >= 5) ++corners_.leaps;
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    EXPECT_EQ(got, want);
    std::vector<std::pair<std::int64_t, std::int64_t>> late;
    for (const auto& [row, time] : harness_.TakeSideOutput(OutputTag<Item>{"late"})) {
      EXPECT_EQ(row.text.view(), TextOf(row.id));
      late.emplace_back(row.id, time.millis());
    }
    late_ += late.size();
    EXPECT_EQ(late, std::exchange(model_.late, {}));
    if (setting_.all_rows) {
      EXPECT_EQ(harness_.StateRows(), model_.rows());
    }
  }

  Harness& harness_;
  WindowModel& model_;
  Corners& corners_;
  const Setting setting_;
  std::int64_t ids_ = 0;
  std::uint64_t late_ = 0;
};

}  // namespace millrace
