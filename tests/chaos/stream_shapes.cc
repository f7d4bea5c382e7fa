#include <cstdint>
#include <string>
#include <utility>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/held_source.h"

namespace millrace::chaos {
namespace {

/// Brings an item and its answer together, whichever comes first, and counts a key's pairs.
struct Pairs : KeyedCoProcessFunction<std::int64_t, Item, Answer, std::string> {
  MapState<std::int64_t, std::int64_t> items{this, "items"};
  MapState<std::int64_t, std::int64_t> answers{this, "answers"};
  ValueState<std::int64_t> pairs{this, "pairs"};

  void ProcessElement1(const Item& item, Context& ctx, Collector<std::string>& out) {
    const std::int64_t* value = answers.Get(item.number);
    if (value == nullptr) return items.Put(item.number, item.time);
    Meet(item.number, item.time, *value, ctx, out);
    answers.Erase(item.number);
  }
  void ProcessElement2(const Answer& answer, Context& ctx, Collector<std::string>& out) {
    const std::int64_t* time = items.Get(answer.number);
    if (time == nullptr) return answers.Put(answer.number, answer.value);
    Meet(answer.number, *time, answer.value, ctx, out);
    items.Erase(answer.number);
  }

 private:
  void Meet(std::int64_t number, std::int64_t time, std::int64_t value, Context& ctx,
            Collector<std::string>& out) {
    pairs.Mutable() += 1;
    out.Emit(Row("pair", number, time, value));
    out.Emit(Row("pairs", ctx.Key(), pairs.Get(), 0));
  }
};

/// Counts what a key gets.
struct Merged : KeyedProcessFunction<std::int64_t, Count, std::string> {
  ValueState<std::int64_t> count{this, "count"};
  void ProcessElement(const Count& c, Context&, Collector<std::string>& out) {
    count.Mutable() += c.count;
    out.Emit(Row("merged", c.key, count.Get(), 0));
  }
};

/// Lets records pass, those of a key and a split in their order.
struct Passing : KeyedProcessFunction<std::int64_t, Item, std::string> {
  ValueState<std::int64_t> last{this, "last"};
  void ProcessElement(const Item& item, Context&, Collector<std::string>& out) {
    last.Update(item.number);
    out.Emit(Row("passed", item.key, item.number, 0));
  }
};
struct Dealing : ProcessFunction<Item, std::string> {
  SideOutput<Item> fives{this, "fives"};
  void ProcessElement(const Item& item, Context&, Collector<std::string>& out) {
    if (item.number % 5 == 0) return fives.Emit(item);
    out.Emit(Row("dealt", item.key, item.number, 0));
  }
};

}  // namespace

void BuildStreams(StreamEnvironment& env, Items& items, const Shape& shape, const Sinks& sinks) {
  HeldSource all(Generate(AnswerOf).Count((shape.records + 1) / 2).Splits(2), {shape.rate / 4, {}});
  auto answers = env.FromSource("answers", std::move(all));
  items.Filter([](const Item& item) { return item.number % 2 == 0; })
      .KeyBy(&Item::key)
      .Connect(answers.KeyBy(&Answer::key))
      .Process("pairs", Pairs{})
      .SinkTo("pair rows", sinks("pair rows"));
  items.Map([](const Item& item) { return Count{item.key, 1}; })
      .Union(answers.Map([](const Answer& answer) { return Count{answer.key, 1}; }))
      .KeyBy(&Count::key)
      .Process("merged", Merged{})
      .SinkTo("merged rows", sinks("merged rows"));
  items.KeyBy(&Item::key).Process("passing", Passing{}).SinkTo("passed rows", sinks("passed rows"));
  auto dealt = items
                   .PartitionCustom([](const Item& item, int targets) {
                     return static_cast<int>(item.key % targets);
                   })
                   .Process("dealing", Dealing{});
  dealt.SideOutput(OutputTag<Item>{"fives"})
      .Map([](const Item& item) { return Row("five", item.key, item.number, 0); })
      .SinkTo("five rows", sinks("five rows"));
  dealt.SinkTo("dealt rows", sinks("dealt rows"));
}

}  // namespace millrace::chaos
