#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/millrace.h"

// The job that chaos tests run: keyed state of several kinds, timers, every window in event time, splits that are read one
// after the other. What it gives does not depend on the order in which records of different splits meet.
namespace millrace::chaos {

inline constexpr std::int64_t kKeys = 17;
inline constexpr std::int64_t kWindow = 100;  // milliseconds

struct Item {
  std::int64_t key = 0;
  std::int64_t number = 0;
  std::int64_t time = 0;
};
MILLRACE_RECORD(Item, key, number, time);

inline Item ItemOf(std::int64_t i) {
  return {i * 7 % kKeys + i % 3, i, i * 3};
}

struct Count {
  std::int64_t key = 0;
  std::int64_t count = 0;
};
MILLRACE_RECORD(Count, key, count);

inline std::string Row(const char* kind, std::int64_t a, std::int64_t b, std::int64_t c) {
  return std::string(kind) + "|" + std::to_string(a) + "|" + std::to_string(b) + "|" +
         std::to_string(c);
}

/// Sums per key and bucket of event time, by hand: a sorted map and a timer for the end of each bucket.
struct Buckets : KeyedProcessFunction<std::int64_t, Item, std::string> {
  SortedMapState<std::int64_t, std::int64_t> sums{this, "sums"};
  ValueState<std::int64_t> seen{this, "seen"};

  void ProcessElement(const Item& item, Context& ctx, Collector<std::string>& out) {
    const std::int64_t end = item.time / kWindow * kWindow + kWindow;
    sums.Mutable(end) += item.number;
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(end - 1));
    seen.Mutable() += 1;
    out.Emit(Row("seen", item.key, seen.Get(), 0));
  }
  void OnTimer(EventTime time, Context& ctx, Collector<std::string>& out) {
    const std::int64_t end = time.millis() + 1;
    out.Emit(Row("bucket", ctx.Key(), end, *sums.Get(end)));
    sums.Erase(end);
  }
};

/// Numbers in blocks of which a subtask is given one after the other.
struct Blocks {
  using Record = std::int64_t;
  using Split = RangeSplit;
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<RangeSplit> splits;
    for (std::int64_t i = 0; i < 40; ++i) splits.push_back({i, i * 25, i * 25 + 25});
    return MakeStaticSplits(splits, parallelism, 1);
  }
  struct Reader {
    RangeSplit at;
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      for (; max_rows > 0 && at.next < at.end; --max_rows) out.Emit(at.next++);
      return at.next == at.end ? PollResult::End() : PollResult::More();
    }
    RangeSplit Position() const { return at; }
  };
  Reader OpenSplit(const RangeSplit& split, const ReaderContext&) const { return {split}; }
};

struct Shape {
  std::int64_t records = 2000;
  int splits = 3;
  double rate = 0;  // records a second; 0: flat out
};

/// Puts the job together; `sinks(name)` gives sinks of lines.
template <class Sinks>
void Build(StreamEnvironment& env, const Shape& shape, const Sinks& sinks) {
  auto generator = Generate(ItemOf).Count(shape.records).Splits(shape.splits);
  if (shape.rate > 0) generator = std::move(generator).Rate(shape.rate);
  auto items = env.FromSource(
      "items", std::move(generator),
      WatermarkStrategy<Item>::Monotonous().WithTimestamp(&Item::time, Unit::kMilliseconds));
  items.KeyBy(&Item::key).Process("buckets", Buckets{}).SinkTo("bucket rows", sinks("bucket rows"));
  items.Map([](const Item& item) { return Count{item.key, 1}; })
      .KeyBy(&Count::key)
      .Reduce("counts",
              [](const Count& a, const Count& b) { return Count{a.key, a.count + b.count}; })
      .Map([](const Count& c) { return Row("count", c.key, c.count, 0); })
      .SinkTo("count rows", sinks("count rows"));
  env.FromSource("blocks", Blocks{})
      .Map([](std::int64_t n) { return Row("block", n, 0, 0); })
      .SinkTo("block rows", sinks("block rows"));
  items.KeyBy(&Item::key)
      .Window(TumblingEventTime(Duration(kWindow)))
      .Aggregate("tumbling", Sum(&Item::number))
      .Map([](const auto& r) { return Row("tumbling", r.key, r.window.end.millis(), r.value); })
      .SinkTo("tumbling rows", sinks("tumbling rows"));
  items.KeyBy(&Item::key)
      .Window(SlidingEventTime(Duration(3 * kWindow), Duration(kWindow)))
      .Aggregate("sliding", Sum(&Item::number))
      .Map([](const auto& r) { return Row("sliding", r.key, r.window.end.millis(), r.value); })
      .SinkTo("sliding rows", sinks("sliding rows"));
  items.KeyBy(&Item::key)
      .Window(SessionEventTime(Duration(kWindow)))
      .Aggregate("sessions", Sum(&Item::number))
      .Map([](const auto& r) { return Row("session", r.key, r.window.start.millis(), r.value); })
      .SinkTo("session rows", sinks("session rows"));
}

}  // namespace millrace::chaos
