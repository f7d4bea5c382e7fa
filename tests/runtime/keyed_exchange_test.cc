// Plain records with a word as key between many subtasks: dealt by way of a stage up to eight targets, one by one beyond.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/key.h"
#include "millrace/millrace.h"

namespace millrace {
namespace {

struct Item {
  std::int64_t key = 0;
  std::int64_t index = 0;
  std::int64_t time = 0;
};
MILLRACE_RECORD(Item, key, index, time);

/// A record as a keyed subtask saw it.
struct Seen {
  Item item;
  std::int64_t subtask = 0;
  std::int64_t time = 0;
};
MILLRACE_RECORD(Seen, item, subtask, time);

struct Look : KeyedProcessFunction<std::int64_t, Item, Seen> {
  std::int64_t subtask = 0;
  void Open(const FunctionContext& context) { subtask = context.subtask; }
  void ProcessElement(const Item& item, Context& context, Collector<Seen>& out) {
    out.Emit({item, subtask, context.Timestamp().millis()});
  }
};

class KeyedExchange : public ::testing::TestWithParam<int> {};

TEST_P(KeyedExchange, EachTargetGetsItsRecordsWholeAndInOrder) {
  const int targets = GetParam();
  const char* given = std::getenv("MILLRACE_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  SCOPED_TRACE("MILLRACE_SEED=" + std::to_string(seed));
  Random random(seed);
  const auto records = static_cast<std::int64_t>(3000 + random.Uniform(20000));
  const int splits = 1 + static_cast<int>(random.Uniform(3));
  StreamEnvironment env;
  env.SetParallelism(targets);
  env.SetOption("batch.rows", std::to_string(1 + random.Uniform(3000)));
  env.SetOption("exchange", random.Chance(0.5) ? "serialized" : "local");
  const bool timed = random.Chance(0.5);
  const auto item = [](std::int64_t i) { return Item{i * i % 1009 - 500, i, 7 * i}; };
  CollectSink<Seen> sink;
  const auto finish = [&](auto stream) {
    std::move(stream).KeyBy(&Item::key).Process("look", Look{}).SinkTo("out", sink);
  };
  auto source = Generate(item).Count(records).Splits(splits);
  if (timed) {
    finish(env.FromSource(
        "in", source,
        WatermarkStrategy<Item>::Monotonous().WithTimestamp(&Item::time, Unit::kMilliseconds)));
  } else {
    finish(env.FromSource("in", source));
  }
  const JobResult result = env.Run("exchange");
  ASSERT_TRUE(result.status.ok()) << result.status;

  std::vector<int> seen(static_cast<std::size_t>(records));
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> last;  // of a key from a split
  for (const Seen& row : sink.rows()) {
    const std::int64_t i = row.item.index;
    ASSERT_EQ(row.item.key, item(i).key);
    ASSERT_EQ(row.item.time, item(i).time);
    if (timed) {
      ASSERT_EQ(row.time, row.item.time);
    }
    ASSERT_EQ(row.subtask, OwnerOfKeyGroup(KeyGroup(KeyHash(row.item.key)),
                                           static_cast<std::uint32_t>(targets)));
    ++seen[static_cast<std::size_t>(i)];
    const auto [at, first] = last.try_emplace({row.item.key, i % splits}, i);
    ASSERT_TRUE(first || at->second < i) << "key " << row.item.key;
    at->second = i;
  }
  EXPECT_EQ(seen, std::vector<int>(seen.size(), 1)) << "each record once";
}

INSTANTIATE_TEST_SUITE_P(Targets, KeyedExchange, ::testing::Values(1, 2, 3, 5, 8, 9, 12));

}  // namespace
}  // namespace millrace
