#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "millrace/base/time.h"
#include "millrace/io/record.h"
#include "millrace/io/value_traits.h"
#include "millrace/operators/collector.h"

namespace millrace {

/// A time window [start, end). (Flink: TimeWindow)
struct Window {
  EventTime start;
  EventTime end;
  /// The time of the window's results: the last millisecond in it.
  EventTime max_timestamp() const { return end - Duration(1); }
};
MILLRACE_RECORD(Window, start, end);

/// What a windowed Aggregate emits when no window function shapes it.
template <class K, class R>
struct WindowResult {
  K key;
  Window window;
  R value;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // a key or value may be no standard layout
template <class K, class R>
constexpr auto MillraceRecordOf(internal::RecordTag<WindowResult<K, R>>) {
  using Row = WindowResult<K, R>;
  return internal::MakeFields<Row, &Row::key, &Row::window, &Row::value>(
      "WindowResult", {"key", "window", "value"},
      {offsetof(Row, key), offsetof(Row, window), offsetof(Row, value)});
}
#pragma GCC diagnostic pop

/// Keeps all records of a window, for window functions that want to see them (Flink: ProcessWindowFunction).
template <class T>
struct CollectRecords {
  using Accumulator = std::vector<T>;
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const T& record) const { acc.push_back(record); }
  void Merge(Accumulator& acc, const Accumulator& other) const {
    acc.insert(acc.end(), other.begin(), other.end());
  }
  const Accumulator& Result(const Accumulator& acc) const { return acc; }
};

/// A reduce function as an aggregator; an accumulator without a record yet is marked.
template <class T, class F>
class ReduceAggregator {
 public:
  using Accumulator = std::pair<bool, T>;
  explicit ReduceAggregator(F fn) : fn_(std::move(fn)) {}
  Accumulator Create() const { return {false, T{}}; }
  MILLRACE_INLINE void Add(Accumulator& acc, const T& record) const { Fold(acc, record); }
  MILLRACE_INLINE void Merge(Accumulator& acc, const Accumulator& other) const {
    if (other.first) Fold(acc, other.second);
  }
  const T& Result(const Accumulator& acc) const { return acc.second; }

 private:
  MILLRACE_INLINE void Fold(Accumulator& acc, const T& value) const {
    if (acc.first) {
      acc.second = fn_(std::as_const(acc.second), value);
    } else {
      acc.first = true;
      CopyInto(acc.second, value);
    }
  }
  F fn_;
};

/// The window function of a plain Aggregate.
template <class K, class R>
struct EmitWindowResult {
  using Out = WindowResult<K, R>;
  template <class V, class C>
  MILLRACE_INLINE void operator()(const K& key, const Window& window, const V& value,
                                  C& out) const {
    Out& row = out.Next();
    CopyInto(row.key, key);
    row.window = window;
    row.value = value;
  }
};

/// The window function of a Reduce: the value alone.
template <class K, class T>
struct EmitWindowValue {
  using Out = T;
  template <class V, class C>
  MILLRACE_INLINE void operator()(const K&, const Window&, const V& value, C& out) const {
    out.Emit(value);
  }
};

}  // namespace millrace
