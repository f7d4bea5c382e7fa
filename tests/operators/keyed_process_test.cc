// Keyed process functions: state of every kind, timers of both domains and two inputs against a naive model.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/aggregators.h"
#include "millrace/operators/keyed_process_operator.h"
#include "millrace/testing/harness.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

/// What a record tells the function to do: the drawn program of a test.
struct Command {
  std::string key;
  std::int64_t what = 0;
  std::int64_t a = 0;
  String text;
};
MILLRACE_RECORD(Command, key, what, a, text);

enum What : std::int64_t {
  kUpdate,
  kAppend,
  kPut,
  kErase,
  kSorted,
  kTrim,
  kFold,
  kClear,
  kTimer,
  kNoTimer,
  kClock,
  kNoClock,
  kWhats
};

struct KeyOfCommand {
  const std::string& operator()(const Command& c) const { return c.key; }
};

/// The same program on the naive side and in the function: state in a struct per key.
struct Plain {
  bool has_value = false;
  std::string value;
  std::vector<std::string> list;
  std::map<std::int64_t, std::string> map;
  std::map<std::int64_t, std::int64_t> sorted;
  std::vector<std::int64_t> folded;
  std::set<std::int64_t> timers, clocks;
  bool empty() const {
    return !has_value && list.empty() && map.empty() && sorted.empty() && folded.empty() &&
           timers.empty() && clocks.empty();
  }
  std::string Text() const {
    std::string t = has_value ? value : "-";
    t += "/";
    for (const auto& s : list) t += s + ",";
    t += "/";
    for (const auto& [k, v] : map) t += std::to_string(k) + "=" + v + ",";
    t += "/";
    for (const auto& [k, v] : sorted) t += std::to_string(k) + "=" + std::to_string(v) + ",";
    std::int64_t sum = 0, largest = 0;
    for (const std::int64_t f : folded) sum += f, largest = std::max(largest, f);
    return t + "/" + std::to_string(sum) + "/" + std::to_string(largest) + "/" +
           std::to_string(folded.size());
  }
};

template <class Base>
struct Program : Base {
  using Context = KeyedContext<std::string>;
  ValueState<String> value{this, "value"};
  ListState<String> list{this, "list"};
  MapState<std::int64_t, String> map{this, "map"};
  SortedMapState<std::int64_t, std::int64_t> sorted{this, "sorted"};
  ReducingState<std::int64_t> largest{
      this, "largest", [](const std::int64_t& a, const std::int64_t& b) { return std::max(a, b); }};
  ReducingState<std::int64_t> sum{
      this, "sum", [](const std::int64_t& a, const std::int64_t& b) { return a + b; }};
  AggregatingState<Count> count{this, "count"};
  SideOutput<std::string> told{this, "told"};

  void Do(const Command& c, Context& ctx) {
    switch (c.what) {
      case kUpdate:
        if (c.a % 2 == 0) {
          value.Update(c.text);
        } else {
          value.Mutable() = c.text;
        }
        break;
      case kAppend:
        list.Add(c.text);
        break;
      case kPut:
        map.Put(c.a, c.text);
        break;
      case kErase:
        map.Erase(c.a);
        break;
      case kSorted:
        ++sorted.Mutable(c.a);
        break;
      case kTrim:
        sorted.EraseBefore(c.a);
        break;
      case kFold:
        largest.Add(c.a);
        sum.Add(c.a);
        count.Add(c);
        break;
      case kClear:
        value.Clear();
        list.Clear();
        map.Clear();
        sorted.Clear();
        largest.Clear();
        sum.Clear();
        count.Clear();
        break;
      case kTimer:
        ctx.RegisterEventTimeTimer(EventTime::FromMillis(c.a));
        break;
      case kNoTimer:
        ctx.DeleteEventTimeTimer(EventTime::FromMillis(c.a));
        break;
      case kClock:
        ctx.RegisterProcessingTimeTimer(EventTime::FromMillis(c.a));
        break;
      default:
        ctx.DeleteProcessingTimeTimer(EventTime::FromMillis(c.a));
        break;
    }
  }
  std::string Text() const {
    std::string t = value.Has() ? std::string(value.Get().view()) : "-";
    t += "/";
    for (const String& s : list.Get()) t += std::string(s.view()) + ",";
    t += "/";
    std::map<std::int64_t, std::string> ordered;
    map.ForEach([&](std::int64_t k, const String& v) { ordered[k] = std::string(v.view()); });
    for (const auto& [k, v] : ordered) t += std::to_string(k) + "=" + v + ",";
    t += "/";
    sorted.ForEach([&](std::int64_t k, std::int64_t v) {
      t += std::to_string(k) + "=" + std::to_string(v) + ",";
    });
    return t + "/" + std::to_string(sum.Has() ? *sum.Get() : 0) + "/" +
           std::to_string(largest.Has() ? *largest.Get() : 0) + "/" + std::to_string(count.Get());
  }
  void OnTimer(EventTime time, Context& ctx, Collector<std::string>& out) {
    const bool event = ctx.TimeDomain() == TimeDomain::kEventTime;
    out.Emit((event ? "event " : "clock ") + std::to_string(time.millis()) + " " + ctx.Key() + " " +
             Text());
    told.Emit(ctx.Key());
    if (time.millis() % 3 == 0) value.Clear();
    if (event && time.millis() % 5 == 0 && time.millis() < 100000)
      ctx.RegisterEventTimeTimer(time + Duration(7));
  }
};
struct OneInput : Program<KeyedProcessFunction<std::string, Command, std::string>> {
  void ProcessElement(const Command& c, Context& ctx, Collector<std::string>& out) {
    Do(c, ctx);
    out.Emit(ctx.Key() + " " + Text());
  }
};
struct TwoInputs : Program<KeyedCoProcessFunction<std::string, Command, Command, std::string>> {
  void ProcessElement1(const Command& c, Context& ctx, Collector<std::string>& out) {
    Do(c, ctx);
    out.Emit(ctx.Key() + " " + Text());
  }
  void ProcessElement2(const Command& c, Context& ctx, auto& out) {
    Do(c, ctx);
    out.Emit("2 " + ctx.Key() + " " + Text());
  }
};

class Model {
 public:
  void Push(const Command& c, const std::string& text, bool second) {
    Plain& p = keys_[c.key];
    switch (c.what) {
      case kUpdate:
        p.has_value = true;
        p.value = text;
        break;
      case kAppend:
        p.list.push_back(text);
        break;
      case kPut:
        p.map[c.a] = text;
        break;
      case kErase:
        p.map.erase(c.a);
        break;
      case kSorted:
        ++p.sorted[c.a];
        break;
      case kTrim:
        p.sorted.erase(p.sorted.begin(), p.sorted.lower_bound(c.a));
        break;
      case kFold:
        p.folded.push_back(c.a);
        break;
      case kClear: {
        Plain fresh;
        fresh.timers = p.timers;
        fresh.clocks = p.clocks;
        p = fresh;
        break;
      }
      case kTimer:
        p.timers.insert(c.a);
        break;
      case kNoTimer:
        p.timers.erase(c.a);
        break;
      case kClock:
        p.clocks.insert(c.a);
        break;
      default:
        p.clocks.erase(c.a);
        break;
    }
    out.push_back((second ? "2 " : "") + c.key + " " + p.Text());
  }
  void Advance(std::int64_t time, bool event) {
    for (;;) {  // the earliest timer of all keys, again and again
      std::int64_t earliest = INT64_MAX;
      std::string who;
      for (auto& [key, p] : keys_) {
        const auto& timers = event ? p.timers : p.clocks;
        if (!timers.empty() && *timers.begin() < earliest) earliest = *timers.begin(), who = key;
      }
      if (who.empty() || earliest > time) return;
      Plain& p = keys_[who];
      (event ? p.timers : p.clocks).erase(earliest);
      out.push_back((event ? "event " : "clock ") + std::to_string(earliest) + " " + who + " " +
                    p.Text());
      ++fired;
      if (earliest % 3 == 0) p.has_value = false;
      if (event && earliest % 5 == 0 && earliest < 100000) p.timers.insert(earliest + 7);
    }
  }
  std::size_t keys() const {
    return static_cast<std::size_t>(
        std::count_if(keys_.begin(), keys_.end(), [](const auto& k) { return !k.second.empty(); }));
  }
  std::size_t timers() const {
    std::size_t n = 0;
    for (const auto& [key, p] : keys_) n += p.timers.size() + p.clocks.size();
    return n;
  }
  std::vector<std::string> out;
  std::size_t fired = 0;

 private:
  std::map<std::string, Plain> keys_;
};

template <bool kTwo>
void Compare(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  auto harness = [] {
    if constexpr (kTwo) {
      return testing::KeyedCoProcessHarness(KeyOfCommand{}, KeyOfCommand{}, TwoInputs{});
    } else {
      return testing::KeyedProcessHarness(KeyOfCommand{}, OneInput{});
    }
  }();
  harness.SetStepRows(random.Chance(0.5) ? 1 + static_cast<std::int64_t>(random.Uniform(3))
                                         : 1 << 20);
  Model model;
  const std::int64_t wall = harness.Now().millis();
  std::int64_t watermark = 0, clock = wall;
  const int steps = 20 + static_cast<int>(random.Uniform(150));
  for (int i = 0; i <= steps; ++i) {
    if (i == steps) {
      harness.Close();
      model.Advance(INT64_MAX, true);
    } else if (random.Chance(0.85)) {
      Command c{"a key " + std::to_string(random.Uniform(4)),
                static_cast<std::int64_t>(random.Uniform(kWhats)),
                random.Between(1, 8),
                {}};
      if (c.what == kTimer || c.what == kNoTimer) c.a = watermark + random.Between(-5, 40);
      if (c.what == kClock || c.what == kNoClock) c.a = clock + random.Between(-5, 40);
      const std::string text = "text with more than fifteen letters " + std::to_string(i);
      std::string bytes = text;
      c.text = String::View(bytes);
      const bool second = kTwo && random.Chance(0.5);
      if (second) {
        harness.template PushTo<kTwo ? 1 : 0>(c, testing::At(watermark + 1));
      } else {
        harness.Push(c, testing::At(watermark + 1));
      }
      std::fill(bytes.begin(), bytes.end(), '#');  // state must not point into the record
      model.Push(c, text, second);
    } else if (random.Chance(0.5)) {
      watermark += random.Between(0, 20);
      harness.Watermark(testing::At(watermark));
      model.Advance(watermark, true);
    } else {
      clock += random.Between(0, 20);
      harness.ProcessingTime(testing::At(clock));
      model.Advance(clock, false);
    }
    std::vector<std::string> got;
    for (const auto& [row, time] : harness.TakeOutputs()) got.push_back(row);
    std::vector<std::string> want = std::exchange(model.out, {});
    // Timers of one time and different keys have no order.
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    ASSERT_EQ(got, want) << "step " << i;
    ASSERT_EQ(harness.StateRows(), model.keys()) << "step " << i;
    ASSERT_EQ(harness.EventTimers().size() + harness.ProcessingTimers().size(), model.timers())
        << "step " << i;
  }
  EXPECT_EQ(harness.SideOutput(OutputTag<std::string>{"told"}).size(), model.fired);
}

TEST(KeyedProcess, StatesAndTimersEqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 2000)) {
    Compare<false>(seed);
    if (HasFatalFailure()) return;
  }
}

TEST(KeyedProcess, TwoInputsEqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(5001, 2000)) {
    Compare<true>(seed);
    if (HasFatalFailure()) return;
  }
}

struct Itself {
  const std::int64_t& operator()(const std::int64_t& v) const { return v; }
};
struct NoOnTimer : KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  void ProcessElement(const std::int64_t&, Context& ctx, Collector<std::int64_t>&) {
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(1));
  }
};

struct EagerWriter : KeyedProcessFunction<std::string, Command, std::string> {
  ValueState<std::int64_t> state{this, "state"};
  void Open(const FunctionContext&) { state.Update(1); }
  void ProcessElement(const Command&, Context&, Collector<std::string>&) {}
};

TEST(KeyedProcess, StateInOpenIsAnErrorThatSaysSo) {
  const Status status = testing::StatusOf(
      [] { auto h = testing::KeyedProcessHarness(&Command::key, EagerWriter{}); });
  EXPECT_NE(status.message().find("there is no key at hand"), std::string::npos)
      << status.message();
}

TEST(KeyedProcess, ATimerWithoutOnTimerIsAnErrorThatSaysSo) {
  auto harness = testing::KeyedProcessHarness(Itself{}, NoOnTimer{});
  try {
    harness.Push(7);
    FAIL() << "nothing was thrown";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("has no OnTimer"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find('7'), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace millrace
