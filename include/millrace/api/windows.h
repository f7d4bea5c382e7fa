#pragma once

#include "millrace/operators/slice_schedule.h"
#include "millrace/operators/window_types.h"

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

}  // namespace millrace
