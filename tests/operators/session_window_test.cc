// Session windows against a naive model of Flink's WindowOperator with a merging assigner and EventTimeTrigger.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/window/session_window_operator.h"
#include "millrace/testing/harness.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Item {
  std::int64_t key = 0;
  String value;
};
MILLRACE_RECORD(Item, key, value);

struct KeyOfItem {
  const std::int64_t& operator()(const Item& i) const { return i.key; }
};

/// The values of a session in one order, whatever order they came in: merging must lose none. Its strings are views
/// into batches that die, so that state must have made them its own.
struct Letters {
  using Accumulator = std::vector<String>;
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const Item& i) const { acc.push_back(i.value); }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    acc.insert(acc.end(), o.begin(), o.end());
  }
  std::string Result(const Accumulator& acc) const {
    std::vector<std::string> sorted;
    for (const String& s : acc) sorted.emplace_back(s.view());
    std::sort(sorted.begin(), sorted.end());
    std::string all;
    for (const std::string& s : sorted) all += s + ",";
    return all;
  }
};

// (key, start, end, values)
using Row = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::string>;

class Model {
 public:
  Model(std::int64_t gap, std::int64_t lateness) : gap_(gap), lateness_(lateness) {}

  void Push(std::int64_t key, const std::string& value, std::int64_t time) {
    Session merged{time, time + gap_, {value}};
    std::vector<Session> rest;
    // Until nothing is left to merge: what is merged may now touch another.
    std::vector<Session> sessions = sessions_[key];
    for (bool grown = true; grown;) {
      grown = false;
      rest.clear();
      for (const Session& s : sessions) {
        if (merged.start <= s.end && merged.end >= s.start) {
          merged.start = std::min(merged.start, s.start);
          merged.end = std::max(merged.end, s.end);
          merged.values.insert(merged.values.end(), s.values.begin(), s.values.end());
          grown = true;
        } else {
          rest.push_back(s);
        }
      }
      sessions = rest;
    }
    if (any_watermark_ && merged.end - 1 + lateness_ <= watermark_) {
      ++late;
      return;
    }
    if (any_watermark_ && merged.end - 1 <= watermark_) {
      Fire(key, merged);
      merged.fired = true;
    }
    rest.push_back(merged);
    sessions_[key] = rest;
  }
  void Watermark(std::int64_t watermark) {
    watermark_ = watermark;
    any_watermark_ = true;
    for (auto& [key, sessions] : sessions_) {
      for (Session& s : sessions) {
        if (!s.fired && s.end - 1 <= watermark) {
          Fire(key, s);
          s.fired = true;
        }
      }
      std::erase_if(sessions, [&](const Session& s) {
        return watermark == INT64_MAX || s.end - 1 + lateness_ <= watermark;
      });
    }
  }
  std::vector<Row> Take() { return std::exchange(out_, {}); }
  std::uint64_t late = 0;

 private:
  struct Session {
    std::int64_t start, end;
    std::vector<std::string> values;
    bool fired = false;
  };
  void Fire(std::int64_t key, Session& s) {
    std::sort(s.values.begin(), s.values.end());
    std::string all;
    for (const std::string& v : s.values) all += v + ",";
    out_.emplace_back(key, s.start, s.end, all);
  }
  std::int64_t gap_, lateness_, watermark_ = 0;
  bool any_watermark_ = false;
  std::map<std::int64_t, std::vector<Session>> sessions_;
  std::vector<Row> out_;
};

void Compare(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const Duration gap(random.Between(1, 20));
  const Duration lateness(random.Chance(0.5) ? 0 : random.Between(0, 40));
  const OutputTag<Item> late{"late"};
  auto harness = testing::Harness<Item>([&](DataStream<Item> in) {
    return std::move(in)
        .KeyBy(KeyOfItem{})
        .Window(SessionEventTime(gap))
        .AllowedLateness(lateness)
        .SideOutputLate(late)
        .Aggregate("sessions", Letters{});
  });
  harness.SetStepRows(random.Chance(0.5) ? 1 + static_cast<std::int64_t>(random.Uniform(3))
                                         : 1 << 20);
  Model model(gap.count(), lateness.count());
  std::int64_t now = random.Between(0, 100), watermark = 0;
  const std::int64_t far = random.Between(1, 60);
  const int steps = 5 + static_cast<int>(random.Uniform(60));
  for (int i = 0; i <= steps; ++i) {
    if (i == steps) {
      harness.Close();
      model.Watermark(INT64_MAX);
    } else if (random.Chance(0.8)) {
      now += random.Chance(0.1) ? random.Between(0, 100) : random.Between(0, 6);
      const std::int64_t time =
          std::max<std::int64_t>(now - (random.Chance(0.5) ? random.Between(0, far) : 0), 0);
      const std::string text = "a value that is long enough " + std::to_string(i);
      const auto key = static_cast<std::int64_t>(random.Uniform(3));
      std::string bytes = text;  // dies with this scope
      harness.Push(Item{key, String::View(bytes)}, EventTime::FromMillis(time));
      std::fill(bytes.begin(), bytes.end(), '#');
      model.Push(key, text, time);
    } else {
      watermark = std::max(watermark, now - random.Between(-3, 50));
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
  EXPECT_EQ(harness.SideOutput(late).size(), model.late);
}

TEST(SessionWindows, EqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 3000)) {
    Compare(seed);
    if (HasFatalFailure()) return;
  }
}

TEST(SessionWindows, ProcessingTimeSessionsFireWithTheClockAndAtTheEnd) {
  auto harness =
      testing::WindowHarness<Item>(KeyOfItem{}, SessionProcessingTime(Duration(100)), Count{});
  const std::int64_t start = harness.Now().millis();
  harness.Push({1, {}});
  harness.ProcessingTime(testing::At(start + 60));
  harness.Push({1, {}});
  harness.ProcessingTime(testing::At(start + 159));
  EXPECT_TRUE(harness.TakeOutputs().empty());
  harness.ProcessingTime(testing::At(start + 160));
  auto fired = harness.TakeOutputs();
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_EQ(fired[0].record.value, 2);
  harness.Push({1, {}});
  harness.Close();
  EXPECT_EQ(harness.TakeOutputs().size(), 1u);
}

}  // namespace
}  // namespace millrace
