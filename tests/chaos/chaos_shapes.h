#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/millrace.h"
#include "tests/chaos/chaos_records.h"
#include "tests/chaos/held_source.h"
#include "tests/chaos/state_shapes.h"

// The job that chaos tests run: keyed state of several kinds, timers, every window in event time, splits that are read one
// after the other. What it gives does not depend on the order in which records of different splits meet.
namespace millrace::chaos {

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
  double rate = 0;    // records a second; 0: flat out
  std::string until;  // the file whose being there lets the job end; empty: it ends by itself
};

/// The operators whose state is no plain keyed state.
template <class Items, class Sinks>
void BuildStates(StreamEnvironment& env, Items& items, const Shape& shape, const Sinks& sinks) {
  items.KeyBy(&Item::key).Process("recent", Recent{}).SinkTo("recent rows", sinks("recent rows"));
  items.KeyBy(&Item::key)
      .Process("waiting", Waiting{})
      .SinkTo("waiting rows", sinks("waiting rows"));
  items.Global()
      .Process("numbering", Numbering{})
      .SinkTo("numbering rows", sinks("numbering rows"));
  auto changes = Generate(ChangeOf).Count(shape.records / 4).Splits(1);
  items.KeyBy(&Item::key)
      .Connect(env.FromSource("changes", std::move(changes)).Broadcast())
      .Process("changes applied", Changes{})
      .SinkTo("changes rows", sinks("changes rows"));
}

/// Puts the job together; `sinks(name)` gives sinks of lines.
template <class Sinks>
void Build(StreamEnvironment& env, const Shape& shape, const Sinks& sinks) {
  auto items = env.FromSource(
      "items",
      HeldSource(Generate(ItemOf).Count(shape.records).Splits(shape.splits),
                 shape.rate / shape.splits, shape.until),
      WatermarkStrategy<Item>::Monotonous().WithTimestamp(&Item::time, Unit::kMilliseconds));
  items.KeyBy(&Item::key).Process("buckets", Buckets{}).SinkTo("bucket rows", sinks("bucket rows"));
  BuildStates(env, items, shape, sinks);
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
