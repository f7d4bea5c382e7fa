// Who gets which record, for every partitioning of the API: each pair of settings is met, the rest is drawn from a printed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/key.h"
#include "millrace/millrace.h"
#include "tests/support/pairs.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

enum Kind { kUnchosen, kRebalance, kRescale, kBroadcast, kForward, kGlobal, kCustom, kByKey };
const std::vector<std::string> kKinds = {"no choice", "Rebalance", "Rescale",         "Broadcast",
                                         "Forward",   "Global",    "PartitionCustom", "KeyBy"};
/// How the stream is written before the partitioning: in one expression, with a name, with a name and a second reader.
enum Form { kFused, kNamed, kTwice };
const std::vector<std::string> kForms = {"fused", "named", "read twice"};
/// Paced: records come as time passes, so that it can be seen when windows fire. On the manual clock only.
enum Driver { kThreads, kSeeded, kPaced };
const std::vector<std::string> kDrivers = {"threads", "seeded", "paced"};
const std::vector<std::string> kExchanges = {"local", "serialized"};
const std::vector<std::string> kBatchRows = {"1", "3", "64", "2048"};
constexpr int kMostSubtasks = 6;

struct Settings {
  Kind kind;
  int producers, consumers;
  Driver driver;
  Form form;
  bool viewed;
  std::string exchange, batch_rows, order;
  std::int64_t records;

  std::string ToString() const {
    return kKinds[kind] + " from " + std::to_string(producers) + " to " +
           std::to_string(consumers) + ", " + kForms[form] + ", " + kDrivers[driver] + " " + order +
           ", " + exchange + ", batch.rows " + batch_rows + ", " + std::to_string(records) +
           (viewed ? " records with String" : " records with std::string");
  }
};

std::vector<Settings> Draw(Random& random) {
  std::vector<Settings> all;
  const auto rows =
      test_support::CoverPairs({kKinds.size(), kMostSubtasks, kMostSubtasks, kDrivers.size(),
                                kForms.size(), 2, kExchanges.size(), kBatchRows.size()},
                               random);
  for (const auto& row : rows) {
    Settings s{static_cast<Kind>(row[0]),
               static_cast<int>(row[1]) + 1,
               static_cast<int>(row[2]) + 1,
               static_cast<Driver>(row[3]),
               static_cast<Form>(row[4]),
               row[5] == 1,
               kExchanges[row[6]],
               kBatchRows[row[7]],
               std::to_string(random.Uniform(1u << 30)),
               random.Between(500, 900)};
    if (s.kind == kForward) s.consumers = s.producers;  // others are an error of the plan
    all.push_back(s);
  }
  return all;
}

/// Text in the record's own memory, and in that of the task.
struct OwnedItem {
  std::int64_t index = 0;
  std::int64_t producer = -1;
  std::int64_t ordinal = -1;  // among those of its producer
  std::string text;
};
MILLRACE_RECORD(OwnedItem, index, producer, ordinal, text);
struct ViewedItem {
  std::int64_t index = 0;
  std::int64_t producer = -1;
  std::int64_t ordinal = -1;
  String text;
};
MILLRACE_RECORD(ViewedItem, index, producer, ordinal, text);

/// Empty, short, long, with zeros: each by its turn.
std::string TextOf(std::int64_t index) {
  std::string text(static_cast<std::size_t>(index * 7 % 61), static_cast<char>(index % 128));
  if (index % 5 != 0) text += "of " + std::to_string(index);
  return text;
}

/// A record as a consumer saw it.
struct Seen {
  std::int64_t index = 0;
  std::int64_t producer = 0;
  std::int64_t ordinal = 0;
  std::int64_t consumer = 0;
  std::int64_t arrival = 0;  // among those of its consumer
  std::int64_t time = 0;
  std::int64_t watermark = 0;
  std::string text;
};
MILLRACE_RECORD(Seen, index, producer, ordinal, consumer, arrival, time, watermark, text);

template <class Item>
struct Stamp : ProcessFunction<Item, Item> {
  std::int64_t subtask = 0;
  std::int64_t count = 0;
  void Open(const FunctionContext& context) { subtask = context.subtask; }
  void ProcessElement(const Item& item, ProcessContext&, Collector<Item>& out) {
    out.Emit({item.index, subtask, count++, item.text});
  }
};

/// What a consumer does, with a key or without.
template <class Item, class Base>
struct LookAs : Base {
  std::int64_t subtask = 0;
  std::int64_t count = 0;
  void Open(const FunctionContext& context) { subtask = context.subtask; }
  void ProcessElement(const Item& item, typename Base::Context& context, Collector<Seen>& out) {
    out.Emit({item.index, item.producer, item.ordinal, subtask, count++,
              context.Timestamp().millis(), context.CurrentWatermark().millis(),
              std::string(item.text)});
  }
};
template <class Item>
using Look = LookAs<Item, ProcessFunction<Item, Seen>>;
template <class Item>
using KeyedLook = LookAs<Item, KeyedProcessFunction<decltype(Item::text), Item, Seen>>;

std::int64_t Chosen(std::int64_t index, int subtasks) {
  return (index * 7 + index / 10) % subtasks;
}

template <class Item, class Stream>
DataStream<Seen> Dealt(Stream&& stream, const Settings& s) {
  const auto look = [&s](auto dealt) -> DataStream<Seen> {
    return std::move(dealt).Process("look", Look<Item>{}).Parallelism(s.consumers);
  };
  switch (s.kind) {
    case kRebalance:
      return look(std::forward<Stream>(stream).Rebalance());
    case kRescale:
      return look(std::forward<Stream>(stream).Rescale());
    case kBroadcast:
      return look(std::forward<Stream>(stream).Broadcast());
    case kForward:
      return look(std::forward<Stream>(stream).Forward());
    case kGlobal:
      return look(std::forward<Stream>(stream).Global());
    case kCustom:
      return look(std::forward<Stream>(stream).PartitionCustom([](const Item& item, int subtasks) {
        return static_cast<int>(Chosen(item.index, subtasks));
      }));
    case kByKey:
      return std::forward<Stream>(stream)
          .KeyBy(&Item::text)
          .Process("look", KeyedLook<Item>{})
          .Parallelism(s.consumers);
    case kUnchosen:
      break;
  }
  return std::forward<Stream>(stream).Process("look", Look<Item>{}).Parallelism(s.consumers);
}

constexpr std::int64_t kWindow = 50;  // ms of event time: record i is of i ms
constexpr std::int64_t kKeys = 3;
constexpr double kRate = 10000;                        // records a second, of processing time
using Window = std::pair<std::int64_t, std::int64_t>;  // key, end

/// A window's result, and when it came.
struct Fired {
  std::int64_t key = 0;
  std::int64_t end = 0;
  std::int64_t count = 0;
  std::int64_t wall = 0;
};
MILLRACE_RECORD(Fired, key, end, count, wall);

struct NoteFired : ProcessFunction<WindowResult<std::int64_t, std::int64_t>, Fired> {
  void ProcessElement(const In& result, Context& context, Collector<Fired>& out) {
    out.Emit({result.key, result.window.end.millis(), result.value,
              context.CurrentProcessingTime().millis()});
  }
};

struct Results {
  std::vector<Seen> seen;
  std::vector<Fired> fired;
};

template <class Item>
void Execute(const Settings& s, Results* results) {
  StreamEnvironment env;
  env.SetParallelism(s.producers);
  env.SetOption("driver", s.driver == kThreads ? "threads" : "seeded");
  env.SetOption("seed", s.order);
  env.SetOption("exchange", s.exchange);
  env.SetOption("batch.rows", s.batch_rows);
  auto items = Generate([](std::int64_t i) { return Item{i, -1, -1, TextOf(i)}; }).Count(s.records);
  if (s.driver == kPaced) items = std::move(items).Rate(kRate);
  auto stamped = env.FromSource("items", std::move(items),
                                WatermarkStrategy<Item>::Monotonous().WithTimestamp(
                                    &Item::index, Unit::kMilliseconds))
                     .Process("stamp", Stamp<Item>{});
  if (s.form == kTwice) stamped.SinkTo("second reader", BlackholeSink{});
  auto seen = s.form == kFused ? Dealt<Item>(std::move(stamped), s) : Dealt<Item>(stamped, s);
  CollectSink<Seen> all;
  seen.SinkTo("seen", all);
  CollectSink<Fired> fired;
  seen.KeyBy([](const Seen& row) { return row.index % kKeys; })
      .Window(TumblingEventTime(Duration(kWindow)))
      .Aggregate("count", Count())
      .Process("fired", NoteFired{})
      .SinkTo("windows", fired);
  const JobResult result = env.Run("partitioning");
  ASSERT_TRUE(result.status.ok()) << result.status;
  *results = {all.Take(), fired.Take()};
  std::sort(results->seen.begin(), results->seen.end(), [](const Seen& a, const Seen& b) {
    return std::pair(a.consumer, a.arrival) < std::pair(b.consumer, b.arrival);
  });
}

using Counts = std::vector<std::vector<std::int64_t>>;  // by producer and consumer

/// A producer's records are dealt evenly to those whom it reaches at all.
void CheckEven(const Counts& counts) {
  for (std::size_t p = 0; p < counts.size(); ++p) {
    std::vector<std::int64_t> reached = counts[p];
    std::erase(reached, 0);
    if (reached.empty()) continue;
    const auto [low, high] = std::minmax_element(reached.begin(), reached.end());
    EXPECT_LE(*high - *low, 1) << "of producer " << p;
  }
}

/// As few channels as there can be: each subtask of the wider side has one partner, neighbours have the same, and the
/// groups differ by one at most. (Flink: "Rescaling", and its distribution pattern POINTWISE)
void CheckGroups(const Counts& counts) {
  const std::size_t producers = counts.size(), consumers = counts[0].size();
  std::vector<std::size_t> partner;
  std::vector<std::int64_t> group(std::min(producers, consumers));
  for (std::size_t wide = 0; wide < std::max(producers, consumers); ++wide) {
    std::vector<std::size_t> met;
    for (std::size_t narrow = 0; narrow < group.size(); ++narrow) {
      if ((producers > consumers ? counts[wide][narrow] : counts[narrow][wide]) > 0)
        met.push_back(narrow);
    }
    ASSERT_EQ(met.size(), 1u) << "partners of subtask " << wide;
    partner.push_back(met[0]);
    ++group[met[0]];
  }
  EXPECT_TRUE(std::is_sorted(partner.begin(), partner.end()));
  const auto [low, high] = std::minmax_element(group.begin(), group.end());
  EXPECT_LE(*high - *low, 1);
}

/// Who must get it, where that is known of the single record.
bool Belongs(const Seen& row, const Settings& s) {
  switch (s.kind) {
    case kUnchosen:
      return s.producers != s.consumers || row.consumer == row.producer;
    case kForward:
      return row.consumer == row.producer;
    case kGlobal:
      return row.consumer == 0;
    case kCustom:
      return row.consumer == Chosen(row.index, s.consumers);
    case kByKey:
      return row.consumer == OwnerOfKeyGroup(KeyGroup(KeyHash(TextOf(row.index))),
                                             static_cast<std::uint32_t>(s.consumers));
    default:
      return true;
  }
}

void CheckRecords(const std::vector<Seen>& rows, const Settings& s) {
  const auto producers = static_cast<std::size_t>(s.producers);
  const auto consumers = static_cast<std::size_t>(s.consumers);
  Counts counts(producers, std::vector<std::int64_t>(consumers));
  Counts last(producers, std::vector<std::int64_t>(consumers, -1));
  std::vector<std::int64_t> watermark(consumers, INT64_MIN);
  std::vector<std::set<std::int64_t>> got(static_cast<std::size_t>(s.records));
  for (const Seen& row : rows) {
    SCOPED_TRACE("record " + std::to_string(row.index));
    const auto p = static_cast<std::size_t>(row.producer);
    const auto c = static_cast<std::size_t>(row.consumer);
    ASSERT_LT(p, producers);
    ASSERT_LT(c, consumers);
    EXPECT_EQ(row.text, TextOf(row.index));
    EXPECT_EQ(row.time, row.index);
    EXPECT_TRUE(Belongs(row, s)) << "came from " << p << " to " << c;
    EXPECT_TRUE(got[static_cast<std::size_t>(row.index)].insert(row.consumer).second) << "again";
    EXPECT_GT(row.ordinal, last[p][c]) << "order from " << p << " to " << c;
    last[p][c] = row.ordinal;
    EXPECT_LT(row.watermark, row.time) << "was overtaken by the time";
    EXPECT_GE(row.watermark, watermark[c]);
    watermark[c] = row.watermark;
    ++counts[p][c];
    if (::testing::Test::HasFailure()) return;  // one is enough
  }
  const std::size_t copies = s.kind == kBroadcast ? consumers : 1;
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(got[i].size(), copies) << "of record " << i;
  if (s.kind == kRebalance || (s.kind == kUnchosen && producers != consumers)) {
    CheckEven(counts);
    for (const auto& of_producer : counts) {
      for (const std::int64_t count : of_producer) EXPECT_GT(count, 0) << "all are reached";
    }
  }
  if (s.kind == kRescale) {
    CheckEven(counts);
    CheckGroups(counts);
  }
}

void CheckWindows(const std::vector<Fired>& fired, const Settings& s) {
  const std::int64_t copies = s.kind == kBroadcast ? s.consumers : 1;
  std::map<Window, std::int64_t> want, got;
  for (std::int64_t i = 0; i < s.records; ++i)
    want[{i % kKeys, i / kWindow * kWindow + kWindow}] += copies;
  for (const Fired& f : fired) {
    EXPECT_TRUE(got.emplace(Window{f.key, f.end}, f.count).second) << "fired again: " << f.end;
  }
  EXPECT_EQ(got, want);
  if (s.driver != kPaced) return;
  // The last to pass a window's end is the producer whose turn it was just before.
  constexpr std::int64_t kBegin = 1700000000000;  // of the manual clock
  constexpr std::int64_t kTickMillis = 1;         // the generator makes what is due in ticks
  for (const Fired& f : fired) {
    const std::int64_t passed_by = f.end + s.producers - 1;
    if (passed_by >= s.records) continue;
    const auto due = static_cast<std::int64_t>(static_cast<double>(passed_by) * 1000 / kRate);
    EXPECT_LE(f.wall - kBegin, due + kTickMillis) << "window that ends at " << f.end;
  }
}

TEST(Partitioning, EachRecordGoesWhereItIsSaidTo) {
  for (const std::uint64_t seed : test_support::Seeds(1, 2)) {
    Random random(seed);
    for (const Settings& s : Draw(random)) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ": " + s.ToString());
      Results results;
      ASSERT_NO_FATAL_FAILURE(s.viewed ? Execute<ViewedItem>(s, &results)
                                       : Execute<OwnedItem>(s, &results));
      ASSERT_NO_FATAL_FAILURE(CheckRecords(results.seen, s));
      CheckWindows(results.fired, s);
      ASSERT_FALSE(HasFailure());
    }
  }
}

}  // namespace
}  // namespace millrace
