#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/record.h"
#include "millrace/operators/aggregators.h"
#include "millrace/operators/process_function.h"

namespace millrace {

/// What a record tells the function to do: the drawn program of a test.
struct Command {
  std::string key;
  std::int64_t time = 0;
  std::int64_t what = 0;
  std::int64_t a = 0;
  String text;
};
MILLRACE_RECORD(Command, key, time, what, a, text);

enum What : std::int64_t {
  kUpdate,
  kAppend,
  kReplace,
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

/// A call of the function as it saw it.
struct Call {
  std::string what;  // "1", "2": the input; "event", "clock": the timer
  std::string key;
  std::int64_t due = 0;  // of the timer
  std::int64_t time = 0, watermark = 0, clock = 0;
  std::string text;  // the key's state behind the call
  bool operator==(const Call&) const = default;
};
MILLRACE_RECORD(Call, what, key, due, time, watermark, clock, text);

inline std::ostream& operator<<(std::ostream& out, const Call& c) {
  return out << c.what << " " << c.key << " due " << c.due << " time " << c.time << " watermark "
             << c.watermark << " clock " << c.clock << " " << c.text;
}

/// What the function does in OnTimer besides telling it: timers that are set and forgotten there, in the future and in the
/// past, of its own clock and of the other. No timer leads to another for ever.
struct TimerRules {
  static bool Clears(std::int64_t due) { return due % 3 == 0; }
  static bool SetsAhead(std::int64_t due) { return due % 5 == 0; }    // 7 later
  static bool SetsBehind(std::int64_t due) { return due % 11 == 0; }  // 4 earlier
  static bool Forgets(std::int64_t due) { return due % 4 == 1; }      // the next millisecond's
  static bool SetsOther(std::int64_t due) {
    return due % 13 == 0;
  }  // of the other clock, just behind it
};

/// The function, for one and two inputs. Its states are of every kind.
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
  bool clocks_set_events = true;

  void Do(const char* what, const Command& c, Context& ctx, auto& out) {
    DoStates(c);
    const EventTime time = EventTime::FromMillis(c.a);
    if (c.what == kTimer) ctx.RegisterEventTimeTimer(time);
    if (c.what == kNoTimer) ctx.DeleteEventTimeTimer(time);
    if (c.what == kClock) ctx.RegisterProcessingTimeTimer(time);
    if (c.what == kNoClock) ctx.DeleteProcessingTimeTimer(time);
    out.Emit(CallOf(what, 0, ctx));
  }
  void OnTimer(EventTime time, Context& ctx, Collector<Call>& out) {
    const bool event = ctx.TimeDomain() == TimeDomain::kEventTime;
    const std::int64_t due = time.millis();
    told.Emit(ctx.Key());
    if (TimerRules::Clears(due)) value.Clear();
    if (event) {
      if (TimerRules::SetsAhead(due)) ctx.RegisterEventTimeTimer(time + Duration(7));
      if (TimerRules::SetsBehind(due)) ctx.RegisterEventTimeTimer(time - Duration(4));
      if (TimerRules::Forgets(due)) ctx.DeleteEventTimeTimer(time + Duration(1));
      if (TimerRules::SetsOther(due))
        ctx.RegisterProcessingTimeTimer(ctx.CurrentProcessingTime() - Duration(1));
    } else {
      if (TimerRules::SetsAhead(due)) ctx.RegisterProcessingTimeTimer(time + Duration(7));
      if (TimerRules::SetsBehind(due)) ctx.RegisterProcessingTimeTimer(time - Duration(4));
      if (TimerRules::Forgets(due)) ctx.DeleteProcessingTimeTimer(time + Duration(1));
      if (TimerRules::SetsOther(due) && clocks_set_events &&
          ctx.CurrentWatermark() != EventTime::Min())
        ctx.RegisterEventTimeTimer(ctx.CurrentWatermark() - Duration(1));
    }
    out.Emit(CallOf(event ? "event" : "clock", due, ctx));
  }

 private:
  void DoStates(const Command& c) {
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
      case kReplace:
        if (!list.Empty()) list.Set(static_cast<std::size_t>(c.a) % list.Size(), c.text);
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
      default:
        break;
    }
  }
  Call CallOf(const char* what, std::int64_t due, const Context& ctx) const {
    return {what,
            ctx.Key(),
            due,
            ctx.Timestamp().millis(),
            ctx.CurrentWatermark().millis(),
            ctx.CurrentProcessingTime().millis(),
            Text()};
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
};
struct OneInput : Program<KeyedProcessFunction<std::string, Command, Call>> {
  void ProcessElement(const Command& c, Context& ctx, Collector<Call>& out) {
    Do("1", c, ctx, out);
  }
};
struct TwoInputs : Program<KeyedCoProcessFunction<std::string, Command, Command, Call>> {
  void ProcessElement1(const Command& c, Context& ctx, Collector<Call>& out) {
    Do("1", c, ctx, out);
  }
  void ProcessElement2(const Command& c, Context& ctx, auto& out) { Do("2", c, ctx, out); }
};

/// The same program in plain words: what each call must have seen and left.
class ProgramModel {
 public:
  /// Where time stands; set by the test.
  std::int64_t watermark = INT64_MIN, clock = 0;
  bool clocks_set_events = true;

  Call Push(const char* what, const Command& c, const std::string& text, std::int64_t time) {
    Plain& p = keys_[c.key];
    Do(c, text, p);
    return {what, c.key, 0, time, watermark, clock, p.Text()};
  }
  Call Fire(bool event, const std::string& key, std::int64_t due) {
    Plain& p = keys_[key];
    auto& own = event ? p.timers : p.clocks;
    own.erase(due);
    if (TimerRules::Clears(due)) p.has_value = false;
    if (TimerRules::SetsAhead(due)) own.insert(due + 7);
    if (TimerRules::SetsBehind(due)) own.insert(due - 4);
    if (TimerRules::Forgets(due)) own.erase(due + 1);
    if (TimerRules::SetsOther(due)) {
      if (event) p.clocks.insert(clock - 1);
      if (!event && clocks_set_events && watermark != INT64_MIN) p.timers.insert(watermark - 1);
    }
    if (event) return {"event", key, due, due, watermark, clock, p.Text()};
    // The first millisecond behind the watermark; before there is one, the first of all.
    const std::int64_t result = watermark == INT64_MIN   ? kMinTimestamp.millis()
                                : watermark == INT64_MAX ? watermark
                                                         : watermark + 1;
    return {"clock", key, due, result, watermark, clock, p.Text()};
  }
  /// The due time of the earliest timer that `through` reaches, of all keys.
  std::optional<std::int64_t> Earliest(bool event, std::int64_t through) const {
    std::optional<std::int64_t> earliest;
    for (const auto& [key, p] : keys_) {
      const auto& timers = event ? p.timers : p.clocks;
      if (timers.empty() || *timers.begin() > through) continue;
      earliest = std::min(earliest.value_or(INT64_MAX), *timers.begin());
    }
    return earliest;
  }
  const std::set<std::int64_t>& TimersOf(bool event, const std::string& key) {
    return event ? keys_[key].timers : keys_[key].clocks;
  }
  /// All timers, by time and key.
  std::vector<std::pair<std::int64_t, std::string>> Timers(bool event) const {
    std::vector<std::pair<std::int64_t, std::string>> all;
    for (const auto& [key, p] : keys_) {
      for (const std::int64_t time : event ? p.timers : p.clocks) all.emplace_back(time, key);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::size_t rows() const {
    return static_cast<std::size_t>(
        std::count_if(keys_.begin(), keys_.end(), [](const auto& k) { return !k.second.empty(); }));
  }

 private:
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
  static void Do(const Command& c, const std::string& text, Plain& p) {
    if (c.what == kUpdate) {
      p.has_value = true;
      p.value = text;
    }
    if (c.what == kAppend) p.list.push_back(text);
    if (c.what == kReplace && !p.list.empty())
      p.list[static_cast<std::size_t>(c.a) % p.list.size()] = text;
    if (c.what == kPut) p.map[c.a] = text;
    if (c.what == kErase) p.map.erase(c.a);
    if (c.what == kSorted) ++p.sorted[c.a];
    if (c.what == kTrim) p.sorted.erase(p.sorted.begin(), p.sorted.lower_bound(c.a));
    if (c.what == kFold) p.folded.push_back(c.a);
    if (c.what == kClear) {
      Plain fresh;
      fresh.timers = p.timers;
      fresh.clocks = p.clocks;
      p = fresh;
    }
    if (c.what == kTimer) p.timers.insert(c.a);
    if (c.what == kNoTimer) p.timers.erase(c.a);
    if (c.what == kClock) p.clocks.insert(c.a);
    if (c.what == kNoClock) p.clocks.erase(c.a);
  }
  std::map<std::string, Plain> keys_;
};

/// A command for a key. Its timers are due around `event` and around the clock: ahead of time and behind it; those that
/// are forgotten are mostly there.
inline Command DrawCommand(Random& random, std::string key, std::int64_t event,
                           ProgramModel* model) {
  Command c{std::move(key),
            0,
            static_cast<std::int64_t>(random.Uniform(kWhats)),
            random.Between(1, 8),
            {}};
  const bool of_event = c.what == kTimer || c.what == kNoTimer;
  if (!of_event && c.what != kClock && c.what != kNoClock) return c;
  c.a = (of_event ? event : model->clock) + random.Between(-20, 40);
  if (of_event && random.Chance(0.02)) c.a = INT64_MAX;  // at the end of input
  const auto& timers = model->TimersOf(of_event, c.key);
  const bool forget = c.what == kNoTimer || c.what == kNoClock;
  if (forget && !timers.empty() && random.Chance(0.7))
    c.a = *std::next(timers.begin(), static_cast<std::ptrdiff_t>(random.Uniform(timers.size())));
  return c;
}

}  // namespace millrace
