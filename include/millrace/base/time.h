#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <type_traits>

#include "millrace/base/chrono.h"

namespace millrace {

/// The unit of a raw integer timestamp; named where the integer is bound, never guessed.
enum class Unit { kSeconds, kMilliseconds, kMicroseconds, kNanoseconds };

/// Lengths of event time and of processing time: milliseconds, as in Flink.
using Duration = std::chrono::milliseconds;

/// Which clock a timer, or the expiry of a state, follows.
enum class TimeDomain { kEventTime, kProcessingTime };

/// A point in event time: milliseconds since 1970-01-01 UTC. A type of its own, so that it is never
/// mixed up with processing time or with another unit.
class EventTime {
 public:
  constexpr EventTime() = default;
  /// `millis` milliseconds since 1970-01-01 UTC; any value.
  static constexpr EventTime FromMillis(std::int64_t millis) {
    EventTime t;
    t.millis_ = millis;
    return t;
  }
  /// Of an unsigned count: what no int64 holds is after every time.
  static constexpr EventTime FromUnsigned(std::uint64_t count, Unit unit) {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return count > kMost ? Max() : From(static_cast<std::int64_t>(count), unit);
  }
  /// Rounds towards minus infinity; saturates.
  static constexpr EventTime From(std::int64_t count, Unit unit) {
    switch (unit) {
      case Unit::kSeconds: {
        constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / 1000;
        if (count > kLimit) return Max();
        if (count < -kLimit) return Min();
        return FromMillis(count * 1000);
      }
      case Unit::kMilliseconds:
        return FromMillis(count);
      case Unit::kMicroseconds:
        return FromMillis(FloorDiv(count, 1000));
      case Unit::kNanoseconds:
        return FromMillis(FloorDiv(count, 1000000));
    }
    return FromMillis(count);
  }
  /// Before every record: the watermark of a stream that has not begun, the time of a record without one.
  static constexpr EventTime Min() { return FromMillis(std::numeric_limits<std::int64_t>::min()); }
  /// After every record: the final watermark (Flink's MAX_WATERMARK).
  static constexpr EventTime Max() { return FromMillis(std::numeric_limits<std::int64_t>::max()); }

  /// Milliseconds since 1970-01-01 UTC.
  constexpr std::int64_t millis() const { return millis_; }
  constexpr auto operator<=>(const EventTime&) const = default;

  /// Saturates at Min() and Max(), which stay what they are.
  constexpr EventTime operator+(Duration d) const {
    std::int64_t r = 0;
    if (*this == Min() || *this == Max()) return *this;
    if (__builtin_add_overflow(millis_, d.count(), &r)) return d.count() > 0 ? Max() : Min();
    return FromMillis(r);
  }
  /// A number has no unit.
  template <class N>
    requires std::is_arithmetic_v<N>
  constexpr EventTime operator+(N) const {
    constexpr bool has_unit = !std::is_arithmetic_v<N>;
    static_assert(has_unit, "millrace: EventTime + a number (N): of which unit? + 60s, + 500ms");
    return *this;
  }
  constexpr EventTime operator-(Duration d) const {
    std::int64_t r = 0;
    if (*this == Min() || *this == Max()) return *this;
    if (__builtin_sub_overflow(millis_, d.count(), &r)) return d.count() > 0 ? Min() : Max();
    return FromMillis(r);
  }
  /// Saturates.
  constexpr Duration operator-(EventTime other) const {
    std::int64_t r = 0;
    if (__builtin_sub_overflow(millis_, other.millis_, &r))
      return millis_ > other.millis_ ? Duration::max() : Duration::min();
    return Duration(r);
  }

  /// ISO 8601 in UTC, e.g. "2026-11-24T03:55:00.000Z"; "-inf" and "+inf" for Min() and Max().
  std::string ToString() const;

  static constexpr std::int64_t FloorDiv(std::int64_t a, std::int64_t b) {
    return a / b - ((a % b != 0) && ((a < 0) != (b < 0)) ? 1 : 0);
  }

 private:
  std::int64_t millis_ = 0;
};

/// Timestamps outside the years 1 to 9999 are refused where they enter: they are nearly always a wrong unit,
/// and one of them in the future would make every later record late. Times before 1970 are negative and as good as others.
inline constexpr EventTime kMinTimestamp = EventTime::FromMillis(-62135596800000);
inline constexpr EventTime kMaxTimestamp = EventTime::FromMillis(253402300799999);
/// The longest window, slide, gap, offset or bound: 10,000 years. With it no sum of a timestamp and some of these overflows.
inline constexpr Duration kMaxDuration{315569520000000};

/// As ToString: for tests and logs.
std::ostream& operator<<(std::ostream& out, EventTime time);

}  // namespace millrace
