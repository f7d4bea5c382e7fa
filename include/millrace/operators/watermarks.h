#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/base/time.h"
#include "millrace/operators/collector.h"
#include "millrace/operators/user_error.h"

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
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    if (bound_.count() >= 0) return {};
    return "the out-of-orderness of its watermarks is " + std::to_string(bound_.count()) +
           " ms: it must be 0 or more";
  }
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
      if constexpr (std::is_unsigned_v<M>) {
        return EventTime::FromUnsigned(record.*member_, unit_);
      } else {
        if (unit_ == Unit::kMilliseconds) [[likely]]
          return EventTime::FromMillis(record.*member_);
        return EventTime::From(record.*member_, unit_);
      }
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
    using R = std::remove_cvref_t<std::invoke_result_t<const F&, const T&>>;
    constexpr bool ok = std::is_same_v<R, EventTime> || std::is_integral_v<R>;
    static_assert(ok,
                  "millrace: WithTimestamp: the function (F) must return an EventTime, or an "
                  "integer in the unit that is given");
    if constexpr (std::is_same_v<R, EventTime>) {
      return fn_(record);
    } else if constexpr (ok && std::is_unsigned_v<R>) {
      return EventTime::FromUnsigned(fn_(record), unit_);
    } else if constexpr (ok) {
      return EventTime::From(fn_(record), unit_);
    }
  }

 private:
  F fn_;
  Unit unit_;
};

/// Refuses a time before the year 1 or after the year 9999: nearly always a wrong unit.
[[noreturn]] void ThrowBadTimestamp(EventTime time);

/// Of an event-time window that is given such a time.
[[noreturn]] void ThrowUnwindowable(EventTime time);

MILLRACE_INLINE bool TimestampInRange(EventTime time) {
  // One comparison: what is below the range wraps around to above it.
  constexpr auto kLow = static_cast<std::uint64_t>(kMinTimestamp.millis());
  constexpr auto kSpan = static_cast<std::uint64_t>(kMaxTimestamp.millis()) - kLow;
  return static_cast<std::uint64_t>(time.millis()) - kLow <= kSpan;
}
namespace internal {

/// Names the record that has no time on the time line.
template <class T>
[[noreturn, gnu::noinline, gnu::cold]] void ThrowBadTimestampOf(EventTime time,
                                                                Described<T> record) {
  try {
    ThrowBadTimestamp(time);
  } catch (...) {
    RethrowWith<T>("timestamps and watermarks", record);
  }
}

}  // namespace internal

/// A record's event time, checked and shown to the watermark generator; what user code throws names the record.
template <class Timestamps, class Generator, class T>
MILLRACE_INLINE EventTime BindTime(const Timestamps& timestamps, Generator& generator,
                                   const T& record, EventTime time) {
  try {
    time = timestamps(record, time);
  } catch (...) {
    internal::RethrowWith<T>("timestamps and watermarks", record);
  }
  if (!TimestampInRange(time)) [[unlikely]]
    internal::ThrowBadTimestampOf<T>(time, record);
  try {
    generator.OnEvent(time);
  } catch (...) {
    internal::RethrowWith<T>("timestamps and watermarks", record);
  }
  return time;
}

}  // namespace millrace
