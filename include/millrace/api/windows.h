#pragma once

#include "millrace/operators/window/count_window_operator.h"
#include "millrace/operators/window/session_window_operator.h"
#include "millrace/operators/window/slice_window_operator.h"

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
inline SliceWindows SlidingProcessingTime(Duration size, Duration slide, Duration offset = Duration(0)) {
  return {size, slide, offset, true};
}
/// A window ends when its key has been silent for `gap`; sessions that touch are one.
inline SessionWindows SessionEventTime(Duration gap) { return {gap, false}; }
inline SessionWindows SessionProcessingTime(Duration gap) { return {gap, true}; }
/// A window of every `count` records of a key.
inline CountWindows CountWindow(std::int64_t count) { return {count < 1 ? -1 : count}; }
/// One window per key, fired at the end of the stream.
inline CountWindows GlobalWindows() { return {0}; }

namespace internal {

/// The operator of a kind of windows.
template <class WindowKind, class... Ts>
struct WindowOperatorOf;
template <class... Ts>
struct WindowOperatorOf<SliceWindows, Ts...> {
  using type = SliceWindowOperator<Ts...>;
};
template <class... Ts>
struct WindowOperatorOf<SessionWindows, Ts...> {
  using type = SessionWindowOperator<Ts...>;
};
template <class... Ts>
struct WindowOperatorOf<CountWindows, Ts...> {
  using type = CountWindowOperator<Ts...>;
};

}  // namespace internal
}  // namespace millrace
