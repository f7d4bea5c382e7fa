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

#include "millrace/io/record.h"
#include "millrace/operators/aggregators.h"
#include "millrace/operators/process_function.h"

namespace millrace {

/// What a record tells the function with expiring states to do.
struct Order {
  enum What : std::int64_t {
    kUpdate,
    kChange,  // in place
    kAppend,
    kReplace,  // the list by one element
    kPut,
    kErase,
    kSorted,
    kTrim,
    kFold,
    kClear,
    kTimer,
    kLook,
    kWhats
  };
  std::string key;
  std::int64_t what = 0;
  std::int64_t a = 0;
  bool looks = false;  // tells what it sees
  String text;
};
MILLRACE_RECORD(Order, key, what, a, looks, text);

struct Seen {
  std::string key;
  std::int64_t due = 0;  // of a timer; 0: a record
  std::string text;
  auto operator<=>(const Seen&) const = default;
};
MILLRACE_RECORD(Seen, key, due, text);

inline std::ostream& operator<<(std::ostream& out, const Seen& s) {
  return out << s.key << " due " << s.due << " sees " << s.text;
}

/// States of every kind that expire, changed and looked at as the records say.
struct Forgetful : KeyedProcessFunction<std::string, Order, Seen> {
  explicit Forgetful(const Ttl& ttl)
      : value(this, "value", ttl),
        list(this, "list", ttl),
        map(this, "map", ttl),
        sorted(this, "sorted", ttl),
        sum(this, "sum", &Plus, ttl),
        count(this, "count", Count(), ttl) {}
  static std::int64_t Plus(const std::int64_t& a, const std::int64_t& b) { return a + b; }

  ValueState<String, Ttl> value;
  ListState<String, Ttl> list;
  MapState<std::int64_t, String, Ttl> map;
  SortedMapState<std::int64_t, std::int64_t, Ttl> sorted;
  ReducingState<std::int64_t, Ttl> sum;
  AggregatingState<Count, Ttl> count;
  ValueState<std::int64_t> kept{this, "kept"};  // beside them, for ever

  void ProcessElement(const Order& o, Context& ctx, Collector<Seen>& out) {
    Do(o, ctx);
    if (o.looks) out.Emit({ctx.Key(), 0, Text()});
  }
  void OnTimer(EventTime due, Context& ctx, Collector<Seen>& out) {
    out.Emit({ctx.Key(), due.millis(), Text()});
  }

 private:
  void Do(const Order& o, Context& ctx) {
    switch (o.what) {
      case Order::kUpdate:
        value.Update(o.text);
        break;
      case Order::kChange:
        value.Mutable() = o.text;
        break;
      case Order::kAppend:
        list.Add(o.text);
        break;
      case Order::kReplace:
        list.Update(std::vector<String>{o.text});
        break;
      case Order::kPut:
        map.Put(o.a, o.text);
        break;
      case Order::kErase:
        map.Erase(o.a);
        kept.Clear();
        break;
      case Order::kSorted:
        ++sorted.Mutable(o.a);
        break;
      case Order::kTrim:
        sorted.EraseBefore(o.a);
        break;
      case Order::kFold:
        sum.Add(o.a);
        count.Add(o);
        ++kept.Mutable();
        break;
      case Order::kClear:
        value.Clear();
        list.Clear();
        map.Clear();
        sorted.Clear();
        sum.Clear();
        count.Clear();
        break;
      case Order::kTimer:
        ctx.RegisterEventTimeTimer(EventTime::FromMillis(o.a));
        break;
      default:
        break;
    }
  }
  std::string Text() const {
    std::string t = std::to_string(kept.Get()) + "/" + (value.Has() ? "" : "-") +
                    std::string(value.Get().view()) + "/" + std::to_string(list.Size()) + ":";
    for (const String& s : list.Get()) t += std::string(s.view()) + ",";
    t += (list.Empty() ? "none/" : "/") + std::to_string(map.Size()) + (map.Has() ? "" : "none");
    std::map<std::int64_t, std::string> ordered;
    map.ForEach([&](std::int64_t k, const String& v) { ordered[k] = std::string(v.view()); });
    for (const auto& [k, v] : ordered) t += "," + std::to_string(k) + "=" + v;
    t += "/" + (sorted.Empty()
                    ? "none"
                    : std::to_string(*sorted.First()) + "-" + std::to_string(*sorted.Last()));
    sorted.ForRange(2, 5, [&](std::int64_t k, std::int64_t v) {
      t += "," + std::to_string(k) + "=" + std::to_string(v);
    });
    return t + "/" + (map.Get(3) == nullptr ? "none" : "3") + "/" +
           std::to_string(sum.Has() ? *sum.Get() : -1) + "/" + std::to_string(count.Get());
  }
};

/// A value and when it was written.
template <class T>
struct Stamped {
  T value{};
  std::int64_t at = 0;
};
/// What a key has.
struct PlainStates {
  using Number = std::int64_t;
  std::optional<Stamped<std::string>> value;
  std::vector<Stamped<std::string>> list;
  std::map<Number, Stamped<std::string>> map;
  std::map<Number, Stamped<Number>> sorted;
  std::optional<Stamped<Number>> sum, count;
  Number kept = 0;
  std::set<Number> timers;
  bool empty() const {
    return !value && list.empty() && map.empty() && sorted.empty() && !sum && !count && kept == 0 &&
           timers.empty();
  }
};

/// The same in plain words. What has expired is there until `Clean`, and is seen or not, as the time to live says.
class ForgetfulModel {
 public:
  explicit ForgetfulModel(const Ttl& ttl) : ttl_(ttl) {}

  /// What a record at `now` does; what it sees.
  Seen Push(const Order& o, const std::string& text, std::int64_t now) {
    Plain& p = keys_[o.key];
    Do(o, text, now, &p);
    return {o.key, 0, o.looks ? Look(now, &p) : ""};
  }
  /// The timers through `to`, in order: `now(due)` is the time that expiry goes by.
  template <class Now>
  std::vector<Seen> Fire(std::int64_t to, Now now) {
    std::vector<Seen> fired;
    for (;;) {
      std::optional<std::pair<std::int64_t, std::string>> first;
      for (const auto& [key, p] : keys_) {
        if (p.timers.empty() || *p.timers.begin() > to) continue;
        const auto candidate = std::pair(*p.timers.begin(), key);
        first = std::min(first.value_or(candidate), candidate);
      }
      if (!first) return fired;
      Plain& p = keys_[first->second];
      p.timers.erase(first->first);
      fired.push_back({first->second, first->first, Look(now(first->first), &p)});
    }
  }
  void Clean(std::int64_t now) {
    for (auto& [key, p] : keys_) {
      Drop(p.value, now);
      Drop(p.sum, now);
      Drop(p.count, now);
      Drop(p.map, now);
      Drop(p.sorted, now);
      while (!p.list.empty() && Expired(p.list[p.list.size() / 2].at, now)) {
        while (!p.list.empty() && Expired(p.list.front().at, now)) p.list.erase(p.list.begin());
      }
    }
  }
  std::size_t rows() const {
    return static_cast<std::size_t>(
        std::count_if(keys_.begin(), keys_.end(), [](const auto& k) { return !k.second.empty(); }));
  }

 private:
  using Number = std::int64_t;
  using Plain = PlainStates;
  template <class T>
  void Drop(std::optional<Stamped<T>>& at, std::int64_t now) const {
    if (at && Expired(at->at, now)) at.reset();
  }
  template <class T>
  void Drop(std::map<Number, Stamped<T>>& map, std::int64_t now) const {
    for (auto at = map.begin(); at != map.end();)
      at = Expired(at->second.at, now) ? map.erase(at) : std::next(at);
  }
  bool Expired(std::int64_t at, std::int64_t now) const { return at + ttl_.after().count() <= now; }
  bool Hidden(std::int64_t at, std::int64_t now) const {
    return !ttl_.returns_expired() && Expired(at, now);
  }
  /// A value that is written now.
  template <class T>
  T& Write(std::optional<Stamped<T>>& at, std::int64_t now) {
    if (!at || Hidden(at->at, now)) at = Stamped<T>{T{}, now};
    at->at = std::max(at->at, now);
    return at->value;
  }
  template <class T>
  T& Write(std::map<Number, Stamped<T>>& map, Number key, std::int64_t now) {
    const auto found = map.find(key);
    if (found == map.end() || Hidden(found->second.at, now)) map[key] = {T{}, now};
    map[key].at = std::max(map[key].at, now);
    return map[key].value;
  }
  void Do(const Order& o, const std::string& text, std::int64_t now, Plain* p) {
    if (o.what == Order::kUpdate || o.what == Order::kChange) Write(p->value, now) = text;
    if (o.what == Order::kAppend)
      p->list.push_back({text, p->list.empty() ? now : std::max(now, p->list.back().at)});
    if (o.what == Order::kReplace) p->list = {{text, now}};
    if (o.what == Order::kPut) Write(p->map, o.a, now) = text;
    if (o.what == Order::kErase) p->map.erase(o.a), p->kept = 0;
    if (o.what == Order::kSorted) ++Write(p->sorted, o.a, now);
    if (o.what == Order::kTrim) p->sorted.erase(p->sorted.begin(), p->sorted.lower_bound(o.a));
    if (o.what == Order::kFold) {
      Write(p->sum, now) += o.a;
      ++Write(p->count, now);
      ++p->kept;
    }
    if (o.what == Order::kClear) {
      const Plain before = *p;
      *p = {};
      p->kept = before.kept;
      p->timers = before.timers;
    }
    if (o.what == Order::kTimer) p->timers.insert(o.a);
  }
  void Refresh(std::int64_t* at, std::int64_t now) const {
    if (ttl_.updates_on_read() && !Expired(*at, now)) *at = std::max(*at, now);
  }
  template <class T>
  std::optional<T> Read(std::optional<Stamped<T>>& at, std::int64_t now) const {
    if (!at || Hidden(at->at, now)) return std::nullopt;
    Refresh(&at->at, now);
    return at->value;
  }
  std::string Look(std::int64_t now, Plain* p) const {
    const std::optional<std::string> value = Read(p->value, now);
    std::string t = std::to_string(p->kept) + "/" + value.value_or("-") + "/", elements;
    std::size_t seen = 0;
    std::int64_t last = p->list.empty() ? 0 : std::max(p->list.back().at, now);
    for (auto& e : p->list) {
      if (Hidden(e.at, now)) continue;
      ++seen;
      elements += e.value + ",";
      if (ttl_.updates_on_read() && !Expired(e.at, now)) e.at = last;
    }
    t += std::to_string(seen) + ":" + elements + (seen == 0 ? "none/" : "/");
    std::string entries;
    seen = 0;
    for (auto& [k, v] : p->map) {
      if (Hidden(v.at, now)) continue;
      ++seen;
      Refresh(&v.at, now);
      entries += "," + std::to_string(k) + "=" + v.value;
    }
    t += std::to_string(seen) + (seen == 0 ? "none" : "") + entries + "/";
    std::vector<Number> keys;
    entries.clear();
    for (auto& [k, v] : p->sorted) {
      if (Hidden(v.at, now)) continue;
      keys.push_back(k);
      if (k < 2 || k >= 5) continue;
      Refresh(&v.at, now);
      entries += "," + std::to_string(k) + "=" + std::to_string(v.value);
    }
    t += keys.empty() ? "none" : std::to_string(keys.front()) + "-" + std::to_string(keys.back());
    const auto three = p->map.find(3);
    t += entries + "/" + (three == p->map.end() || Hidden(three->second.at, now) ? "none" : "3");
    t += "/" + std::to_string(Read(p->sum, now).value_or(-1));
    return t + "/" + std::to_string(Read(p->count, now).value_or(0));
  }

  const Ttl ttl_;
  std::map<std::string, Plain> keys_;
};

}  // namespace millrace
