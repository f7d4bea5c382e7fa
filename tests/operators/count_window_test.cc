// Count and global windows against a naive model: time is nothing to them, whatever it does.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/window/count_window_operator.h"
#include "tests/operators/window_model.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using Kept = CollectRecords<Item>;
using Harness = test_support::Batched<
    testing::OperatorHarness<WindowResult<std::int64_t, std::vector<Item>>, Item>>;
// (key, latest time, the records in the order in which they came)
using Row = std::tuple<std::int64_t, std::int64_t, Numbers>;

class Model {
 public:
  explicit Model(std::int64_t count) : count_(count) {}
  void Push(std::int64_t key, std::int64_t id, std::int64_t time) {
    auto& [latest, ids] = open_.try_emplace(key, INT64_MIN, Numbers{}).first->second;
    latest = std::max(latest, time);
    ids.push_back(id);
    if (static_cast<std::int64_t>(ids.size()) != count_) return;
    out.emplace_back(key, std::max(latest, not_late_), ids);
    open_.erase(key);
  }
  void End() {
    if (count_ == 0) {
      for (const auto& [key, w] : open_)
        out.emplace_back(key, std::max(w.first, not_late_), w.second);
      open_.clear();
    }
  }
  void Watermark(std::int64_t to) { not_late_ = std::max(not_late_, to + 1); }
  std::size_t rows() const { return open_.size(); }
  std::vector<Row> out;

 private:
  const std::int64_t count_;
  std::int64_t not_late_ =
      INT64_MIN;  // the first millisecond behind the watermark, when there is one
  std::map<std::int64_t, std::pair<std::int64_t, Numbers>> open_;
};

void Push(const test_support::DrawnInput::Step& step, bool timed, std::int64_t* next, Model* model,
          Harness* harness) {
  std::vector<Item> items;
  std::vector<EventTime> times;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < step.records.size(); ++i)
    texts.push_back(TextOf(*next + static_cast<std::int64_t>(i)));
  for (const auto& r : step.records) {
    times.push_back(timed ? EventTime::FromMillis(r.time) : EventTime::Min());
    items.push_back({r.key, *next, 0, String::View(texts[items.size()])});
    model->Push(r.key, (*next)++, times.back().millis());
  }
  harness->PushRows<0>(items, times);
  for (std::string& text : texts) std::fill(text.begin(), text.end(), '#');
}

std::vector<Row> Took(Harness* harness) {
  std::vector<Row> rows;
  for (const auto& [row, time] : harness->TakeOutputs()) {
    EXPECT_EQ(row.window.start, EventTime::Min());
    EXPECT_EQ(row.window.end, EventTime::Max());
    Numbers ids;
    for (const Item& i : row.value) {
      EXPECT_EQ(i.key, row.key);
      ids.push_back(i.text.view() == TextOf(i.id) ? i.id : -1);
    }
    rows.emplace_back(row.key, time.millis(), ids);
  }
  return rows;
}

void Compare(std::uint64_t seed) {
  using Kind = test_support::DrawnInput::Kind;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  CountWindows windows;
  windows.count = random.Chance(0.3) ? 0 : random.Between(1, 5);  // 0: one window, at the end
  Harness harness([&](DataStream<Item> in) {
    return std::move(in).KeyBy(KeyOfItem{}).Window(windows).Aggregate("windows", Kept{});
  });
  if (random.Chance(0.5)) harness.SetStepRows(random.Between(1, 3));
  const bool timed = random.Chance(0.8);
  Model model(windows.count);
  std::int64_t next = 0;
  test_support::DrawnInput input(&random, 20, 20, harness.Now().millis(), 0.3);
  for (int i = 0;; ++i) {
    const auto step = input.Next();
    if (step.kind == Kind::kRecords) {
      Push(step, timed, &next, &model, &harness);
    } else if (step.kind == Kind::kWatermark) {
      harness.Watermark(testing::At(step.to));
      model.Watermark(step.to);
    } else if (step.kind == Kind::kClock) {
      harness.ProcessingTime(testing::At(step.to));
    } else {
      harness.Close();
      model.End();
    }
    std::vector<Row> got = Took(&harness), want = std::exchange(model.out, {});
    if (step.kind == Kind::kEnd) std::sort(got.begin(), got.end());  // of keys in no order
    ASSERT_EQ(got, want) << "step " << i;
    ASSERT_EQ(harness.StateRows(), model.rows()) << "step " << i;
    if (step.kind == Kind::kEnd) break;
  }
  EXPECT_EQ(harness.Counters().late.value(), 0u);
}

TEST(CountWindows, EqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 700)) Compare(seed);
}

}  // namespace
}  // namespace millrace
