// Count and global windows against a naive model.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/window/count_window_operator.h"
#include "millrace/testing/harness.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Item {
  std::int64_t key = 0;
  std::string value;
};
MILLRACE_RECORD(Item, key, value);
struct KeyOfItem {
  const std::int64_t& operator()(const Item& i) const { return i.key; }
};

TEST(CountWindows, EqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 500)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    CountWindows windows;
    windows.count = random.Between(0, 4);  // 0: one window, at the end
    auto harness = testing::WindowHarness<Item>(KeyOfItem{}, windows, CollectRecords<Item>{});
    harness.SetStepRows(1 + static_cast<std::int64_t>(random.Uniform(3)));
    std::int64_t watermark = 0;
    std::int64_t not_late =
        INT64_MIN;  // the first millisecond behind the watermark, when there is one
    std::map<std::int64_t, std::pair<std::int64_t, std::vector<std::string>>>
        open;  // latest time, values
    using Row = std::tuple<std::int64_t, std::int64_t, std::vector<std::string>>;
    std::vector<Row> want, got;
    for (int i = 0; i < 60; ++i) {
      const Item item{static_cast<std::int64_t>(random.Uniform(4)), "value " + std::to_string(i)};
      const std::int64_t time = random.Between(0, 100);
      harness.Push(item, EventTime::FromMillis(time));
      auto& [latest, values] =
          open.emplace(item.key, std::pair<std::int64_t, std::vector<std::string>>{}).first->second;
      latest = std::max(latest, time);
      values.push_back(item.value);
      if (static_cast<std::int64_t>(values.size()) == windows.count) {
        want.emplace_back(item.key, std::max(latest, not_late), values);
        open.erase(item.key);
      }
      if (random.Chance(0.1)) {
        watermark = std::max(watermark, random.Between(0, i < 30 ? 40 : 1000));
        harness.Watermark(testing::At(watermark));
        not_late = watermark + 1;
      }
    }
    harness.Close();
    if (windows.count == 0) {
      for (const auto& [key, w] : open) {
        want.emplace_back(key, std::max(w.first, not_late), w.second);
      }
    }
    for (const auto& [row, time] : harness.TakeOutputs()) {
      std::vector<std::string> values;
      for (const Item& i : row.value) values.push_back(i.value);
      got.emplace_back(row.key, time.millis(), values);
    }
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    ASSERT_EQ(got, want);
  }
}

}  // namespace
}  // namespace millrace
