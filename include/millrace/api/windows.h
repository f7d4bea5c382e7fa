#pragma once

#include <memory>

#include "millrace/operators/window/count_window_operator.h"
#include "millrace/operators/window/session_window_operator.h"
#include "millrace/operators/window/sliding_window_operator.h"
#include "millrace/operators/window/tumbling_window_operator.h"

namespace millrace {

/// Windows of `size`, one after the other, by event time: [start, start + size) with start = n * size + offset, aligned to
/// 1970-01-01T00:00Z. A size that is not positive is an error of the plan. (Flink: TumblingEventTimeWindows; "Windows" in its
/// documentation)
///
///   .KeyBy(&Reading::sensor).Window(TumblingEventTime(10s)).Aggregate("average", Average(&Reading::value))
inline SliceWindows TumblingEventTime(Duration size, Duration offset = Duration(0)) {
  return {size, size, offset, false};
}
/// Windows of `size`, one every `slide`: a record is in size / slide of them. With slide > size there are gaps, and what falls
/// into one is counted as filtered. (Flink: SlidingEventTimeWindows)
inline SliceWindows SlidingEventTime(Duration size, Duration slide, Duration offset = Duration(0)) {
  return {size, slide, offset, false};
}
/// The same by the machine's clock; the end of the input fires the windows that are open, which Flink drops.
inline SliceWindows TumblingProcessingTime(Duration size, Duration offset = Duration(0)) {
  return {size, size, offset, true};
}
/// Sliding windows by the machine's clock; see TumblingProcessingTime.
inline SliceWindows SlidingProcessingTime(Duration size, Duration slide,
                                          Duration offset = Duration(0)) {
  return {size, slide, offset, true};
}
/// A window ends when its key has been silent for `gap` (at least 1 ms); sessions that touch are one.
/// (Flink: EventTimeSessionWindows)
inline SessionWindows SessionEventTime(Duration gap) {
  return {gap, false};
}
/// Sessions by the machine's clock; the end of the input fires those that are open.
inline SessionWindows SessionProcessingTime(Duration gap) {
  return {gap, true};
}
/// A window of every `count` records of a key, at least 1. What has not reached the count at the end of the input is dropped.
/// (Flink: countWindow)
inline CountWindows CountWindow(std::int64_t count) {
  return {count < 1 ? -1 : count};
}
/// One window per key, fired at the end of the stream. (Flink: GlobalWindows.createWithEndOfStreamTrigger)
inline CountWindows GlobalWindows() {
  return {0};
}

namespace internal {

/// The operator of a kind of windows.
template <class K, class T, class KeyFn, class Agg, class Fn, class Chain>
std::unique_ptr<Operator> MakeWindowOperator(const WindowSpec<SliceWindows>& spec, const KeyFn& key,
                                             const Agg& agg, const Fn& fn, const Chain& chain) {
  if (SliceSchedule(spec.windows).panes_per_window() == 1) {
    return std::unique_ptr<Operator>(
        new TumblingWindowOperator<K, T, KeyFn, Agg, Fn, Chain>(spec, key, agg, fn, chain));
  }
  return std::unique_ptr<Operator>(
      new SlidingWindowOperator<K, T, KeyFn, Agg, Fn, Chain>(spec, key, agg, fn, chain));
}
template <class K, class T, class KeyFn, class Agg, class Fn, class Chain>
std::unique_ptr<Operator> MakeWindowOperator(const WindowSpec<SessionWindows>& spec,
                                             const KeyFn& key, const Agg& agg, const Fn& fn,
                                             const Chain& chain) {
  return std::unique_ptr<Operator>(
      new SessionWindowOperator<K, T, KeyFn, Agg, Fn, Chain>(spec, key, agg, fn, chain));
}
template <class K, class T, class KeyFn, class Agg, class Fn, class Chain>
std::unique_ptr<Operator> MakeWindowOperator(const WindowSpec<CountWindows>& spec, const KeyFn& key,
                                             const Agg& agg, const Fn& fn, const Chain& chain) {
  return std::unique_ptr<Operator>(
      new CountWindowOperator<K, T, KeyFn, Agg, Fn, Chain>(spec, key, agg, fn, chain));
}

}  // namespace internal
}  // namespace millrace
