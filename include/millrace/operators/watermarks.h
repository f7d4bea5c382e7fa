#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "millrace/base/time.h"
#include "millrace/operators/collector.h"

namespace millrace {

/// Watermark generators. A generator is a small value, one per split:
///   void OnEvent(EventTime time)   per record, inlined
///   EventTime Current() const      no record with this time or an earlier one is expected any more
/// (Flink: WatermarkGenerator; "Generating Watermarks" in its documentation.)

/// No watermarks until the end of input.
struct NoWatermarkGenerator {
  static constexpr bool kTimed = false;
  MILLRACE_INLINE void OnEvent(EventTime) {}
  EventTime Current() const { return EventTime::Min(); }
};

/// Times may be `out_of_orderness` behind the highest so far: watermark = highest - bound - 1 ms.
/// With a bound of 0 these are Flink's monotonous timestamps.
class BoundedGenerator {
 public:
  static constexpr bool kTimed = true;
  explicit BoundedGenerator(Duration bound = Duration(0)) : bound_(bound) {}
  MILLRACE_INLINE void OnEvent(EventTime time) {
    if (time > highest_) highest_ = time;
  }
  EventTime Current() const {
    if (highest_ == EventTime::Min()) return EventTime::Min();
    return highest_ - bound_ - Duration(1);
  }

 private:
  EventTime highest_ = EventTime::Min();
  Duration bound_;
};

/// Timestamp assigners: `EventTime operator()(const T& record, EventTime from_source) const`.
struct SourceTimestamps {
  template <class T>
  MILLRACE_INLINE EventTime operator()(const T&, EventTime from_source) const {
    return from_source;
  }
};

/// A member that is an EventTime, a time point, or an integer with its unit.
template <class T, class M>
class MemberTimestamp {
 public:
  MemberTimestamp(M T::* member, Unit unit) : member_(member), unit_(unit) {}
  MILLRACE_INLINE EventTime operator()(const T& record, EventTime) const {
    if constexpr (std::is_same_v<M, EventTime>) {
      return record.*member_;
    } else if constexpr (std::is_integral_v<M>) {
      if (unit_ == Unit::kMilliseconds) [[likely]] {
        return EventTime::FromMillis(static_cast<std::int64_t>(record.*member_));
      }
      return EventTime::From(static_cast<std::int64_t>(record.*member_), unit_);
    } else {
      return EventTime::FromMillis(
          std::chrono::floor<std::chrono::milliseconds>((record.*member_).time_since_epoch())
              .count());
    }
  }

 private:
  M T::* member_;
  Unit unit_;
};

template <class T, class F>
class FunctionTimestamp {
 public:
  FunctionTimestamp(F fn, Unit unit) : fn_(std::move(fn)), unit_(unit) {}
  MILLRACE_INLINE EventTime operator()(const T& record, EventTime) const {
    if constexpr (std::is_same_v<std::invoke_result_t<const F&, const T&>, EventTime>) {
      return fn_(record);
    } else {
      return EventTime::From(static_cast<std::int64_t>(fn_(record)), unit_);
    }
  }

 private:
  F fn_;
  Unit unit_;
};

/// Refuses a time before 1970 or after the year 9999: nearly always a wrong unit.
[[noreturn]] void ThrowBadTimestamp(EventTime time);

MILLRACE_INLINE void CheckTimestamp(EventTime time) {
  if (static_cast<std::uint64_t>(time.millis()) >
      static_cast<std::uint64_t>(kMaxTimestamp.millis())) [[unlikely]] {
    ThrowBadTimestamp(time);
  }
}

}  // namespace millrace
