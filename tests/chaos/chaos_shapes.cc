#include "tests/chaos/chaos_shapes.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/chaos/held_source.h"

namespace millrace::chaos {
namespace {

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
  std::int64_t length = 25;

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<RangeSplit> splits;
    for (std::int64_t i = 0; i < 40; ++i) splits.push_back({i, i * length, (i + 1) * length});
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

}  // namespace

void Build(StreamEnvironment& env, const Shape& shape, const Sinks& sinks) {
  Items items = env.FromSource(
      "items",
      HeldSource(Generate(ItemOf).Count(shape.records).Splits(shape.splits),
                 {shape.rate / shape.splits, shape.until}),
      WatermarkStrategy<Item>::Monotonous().WithTimestamp(&Item::time, Unit::kMilliseconds));
  items.KeyBy(&Item::key).Process("buckets", Buckets{}).SinkTo("bucket rows", sinks("bucket rows"));
  BuildStates(env, items, shape, sinks);
  BuildStreams(env, items, shape, sinks);
  BuildTexts(env, shape, sinks);
  items.Map([](const Item& item) { return Count{item.key, 1}; })
      .KeyBy(&Count::key)
      .Reduce("counts",
              [](const Count& a, const Count& b) { return Count{a.key, a.count + b.count}; })
      .Map([](const Count& c) { return Row("count", c.key, c.count, 0); })
      .SinkTo("count rows", sinks("count rows"));
  // At this rate a subtask reads for about as long as there are items, if there are two.
  const Blocks blocks{std::max<std::int64_t>(25, shape.records / 160)};
  env.FromSource("blocks", HeldSource(blocks, {shape.rate / 8, {}}))
      .Map([](std::int64_t n) { return Row("block", n, 0, 0); })
      .SinkTo("block rows", sinks("block rows"));
  BuildWindows(items, sinks);
}

}  // namespace millrace::chaos
