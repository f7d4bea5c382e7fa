#pragma once

#include <memory>

#include "millrace/operators/window/count_window_operator.h"
#include "millrace/operators/window/session_window_operator.h"
#include "millrace/operators/window/sliding_window_operator.h"
#include "millrace/operators/window/tumbling_window_operator.h"

/// Window assigners. Windows are aligned to the epoch (plus `offset`), as in Flink.
namespace millrace {

inline SliceWindows TumblingEventTime(Duration size, Duration offset = Duration(0)) {
  return {size, size, offset, false};
}
inline SliceWindows SlidingEventTime(Duration size, Duration slide, Duration offset = Duration(0)) {
  return {size, slide, offset, false};
}
inline SliceWindows TumblingProcessingTime(Duration size, Duration offset = Duration(0)) {
  return {size, size, offset, true};
}
inline SliceWindows SlidingProcessingTime(Duration size, Duration slide,
                                          Duration offset = Duration(0)) {
  return {size, slide, offset, true};
}
/// A window ends when its key has been silent for `gap`; sessions that touch are one.
inline SessionWindows SessionEventTime(Duration gap) {
  return {gap, false};
}
inline SessionWindows SessionProcessingTime(Duration gap) {
  return {gap, true};
}
/// A window of every `count` records of a key.
inline CountWindows CountWindow(std::int64_t count) {
  return {count < 1 ? -1 : count};
}
/// One window per key, fired at the end of the stream.
inline CountWindows GlobalWindows() {
  return {0};
}

namespace internal {

/// The operator of a kind of windows.
template <class K, class T, class KeyFn, class Agg, class Fn, class Chain>
std::unique_ptr<Operator> MakeWindowOperator(const WindowSpec<SliceWindows>& spec, const KeyFn& key,
                                             const Agg& agg, const Fn& fn, const Chain& chain) {
  if (SliceSchedule(spec.windows).panes_per_window() == 1) {
    return std::make_unique<TumblingWindowOperator<K, T, KeyFn, Agg, Fn, Chain>>(spec, key, agg, fn,
                                                                                 chain);
  }
  return std::make_unique<SlidingWindowOperator<K, T, KeyFn, Agg, Fn, Chain>>(spec, key, agg, fn,
                                                                              chain);
}
template <class K, class T, class KeyFn, class Agg, class Fn, class Chain>
std::unique_ptr<Operator> MakeWindowOperator(const WindowSpec<SessionWindows>& spec,
                                             const KeyFn& key, const Agg& agg, const Fn& fn,
                                             const Chain& chain) {
  return std::make_unique<SessionWindowOperator<K, T, KeyFn, Agg, Fn, Chain>>(spec, key, agg, fn,
                                                                              chain);
}
template <class K, class T, class KeyFn, class Agg, class Fn, class Chain>
std::unique_ptr<Operator> MakeWindowOperator(const WindowSpec<CountWindows>& spec, const KeyFn& key,
                                             const Agg& agg, const Fn& fn, const Chain& chain) {
  return std::make_unique<CountWindowOperator<K, T, KeyFn, Agg, Fn, Chain>>(spec, key, agg, fn,
                                                                            chain);
}

}  // namespace internal
}  // namespace millrace
