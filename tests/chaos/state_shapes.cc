#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/held_source.h"

// The functions of the chaos job whose state is no plain keyed state: with a time to live, of the subtask, broadcast. What
// each gives depends neither on how records of different splits meet, nor on when watermarks come.
namespace millrace::chaos {
namespace {

/// What a key has had within a span of event time: entries that expire by themselves. And what lives longer than any job.
struct Recent : KeyedProcessFunction<std::int64_t, Item, std::string> {
  MapState<std::int64_t, Item, Ttl> recent{this, "recent", Ttl(Duration(250)).InEventTime()};
  ListState<std::int64_t, Ttl> numbers{this, "numbers", Ttl(Duration(3600000))};
  ReducingState<std::int64_t, Ttl> sum{
      this, "sum", [](const std::int64_t& a, const std::int64_t& b) { return a + b; },
      Ttl(Duration(3600000)).OnReadAndWrite()};

  void ProcessElement(const Item& item, Context& ctx, Collector<std::string>&) {
    recent.Put(item.number, item);
    numbers.Add(item.number);
    sum.Add(item.number);
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(item.time / kWindow * kWindow + kWindow));
    ctx.RegisterEventTimeTimer(EventTime::Max());
  }
  void OnTimer(EventTime due, Context& ctx, Collector<std::string>& out) {
    if (due == EventTime::Max()) {
      out.Emit(Row("living", ctx.Key(), static_cast<std::int64_t>(numbers.Size()), *sum.Get()));
      return;
    }
    std::int64_t total = 0;
    recent.ForEach([&](std::int64_t number, const Item& item) {
      if (item.time <= due.millis()) total += number;  // others may have come before the watermark
    });
    out.Emit(Row("recent", ctx.Key(), due.millis(), total));
  }
};

/// Lets records wait in a list that belongs to the subtask, and goes on with them in blocks, in the end with all.
struct Waiting : KeyedProcessFunction<std::int64_t, Item, std::string> {
  OperatorListState<Item> waiting{this, "waiting"};

  void ProcessElement(const Item& item, Context& ctx, Collector<std::string>& out) {
    waiting.Add(item);
    ctx.RegisterEventTimeTimer(EventTime::Max());
    if (waiting.Size() >= 40) Release(out);
  }
  void OnTimer(EventTime, Context&, Collector<std::string>& out) { Release(out); }

 private:
  void Release(Collector<std::string>& out) {
    for (const Item& item : waiting.Get()) out.Emit(Row("waited", item.key, item.number, 0));
    waiting.Clear();
  }
};

/// Numbers all records, which go to the first subtask; when that is another one it goes on where the last one was.
struct Numbering : ProcessFunction<Item, std::string> {
  OperatorListState<std::int64_t> last{this, "last", Redistribution::kUnion};

  void Open(const FunctionContext& context) {
    if (context.subtask != 0) last.Clear();
  }
  void ProcessElement(const Item&, Context&, Collector<std::string>& out) {
    const std::int64_t next = last.Empty() ? 1 : last.Get()[0] + 1;
    last.Update(std::vector<std::int64_t>{next});
    out.Emit(Row("numbered", next, 0, 0));
  }
};

struct Changes : KeyedBroadcastProcessFunction<std::int64_t, Item, Change, std::string> {
  BroadcastState<std::int64_t, std::int64_t> values{this, "values"};
  ValueState<std::int64_t> seen{this, "seen"};

  void ProcessElement(const Item&, Context& ctx, Collector<std::string>&) {
    seen.Mutable() += 1;
    ctx.RegisterEventTimeTimer(EventTime::Max());
  }
  void ProcessBroadcastElement(const Change& c, BroadcastContext& ctx, Collector<std::string>&) {
    if (c.value == 0) ctx.Write(values).Erase(c.key);
    if (c.value != 0) ctx.Write(values).Put(c.key, c.value);
    // Done and undone: what a key has does not change, but all rows do.
    if (c.value % 64 == 1) {
      ctx.ForEachKey([&](std::int64_t) { seen.Mutable() += 7; });
      ctx.ForEachKey([&](std::int64_t) { seen.Mutable() -= 7; });
    }
  }
  void OnTimer(EventTime, Context& ctx, Collector<std::string>& out) {
    std::int64_t sum = 0;
    values.ForEach([&](std::int64_t key, std::int64_t value) { sum += (key + 1) * value; });
    out.Emit(Row("changed", ctx.Key(), seen.Get(), sum));
  }
};

}  // namespace

void BuildStates(StreamEnvironment& env, Items& items, const Shape& shape, const Sinks& sinks) {
  items.KeyBy(&Item::key).Process("recent", Recent{}).SinkTo("recent rows", sinks("recent rows"));
  items.KeyBy(&Item::key)
      .Process("waiting", Waiting{})
      .SinkTo("waiting rows", sinks("waiting rows"));
  items.Global()
      .Process("numbering", Numbering{})
      .SinkTo("numbering rows", sinks("numbering rows"));
  HeldSource changes(Generate(ChangeOf).Count(shape.records / 4).Splits(1), {shape.rate / 4, {}});
  items.KeyBy(&Item::key)
      .Connect(env.FromSource("changes", std::move(changes)).Broadcast())
      .Process("changes applied", Changes{})
      .SinkTo("changes rows", sinks("changes rows"));
}

}  // namespace millrace::chaos
