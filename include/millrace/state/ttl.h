#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "millrace/base/time.h"

namespace millrace {

/// Of a state whose values stay until they are cleared: the default.
struct Forever {};

/// How long the values of a state live, counted from the last write. A state with a time to live says so in its type, because
/// its rows have a time stamp beside each value; the others have none, and cost what they cost without it.
///
///   ValueState<Profile, Ttl> last{this, "last", Ttl(1h)};
///   MapState<std::string, Offer, Ttl> offers{this, "offers", Ttl(30min).InEventTime()};
///
/// Elements of lists and entries of maps live and expire one by one. What has expired is never seen, and is taken out in the
/// background when its time has come: a key without anything else takes no memory then. (Flink: StateTtlConfig)
class Ttl {
 public:
  /// Counted by the machine's clock, and from the last write. At least 1 ms, at most kMaxDuration; anything else is an error of the plan.
  explicit Ttl(Duration after) : after_(after) {}
  template <class N, std::enable_if_t<std::is_arithmetic_v<N>, int> = 0>
  explicit Ttl(N) {
    constexpr bool has_unit = !std::is_arithmetic_v<N>;
    static_assert(has_unit,
                  "millrace: Ttl: a number (N) is no length of time: Ttl(1h), Ttl(500ms)");
  }

  /// To read a value counts as a write. What was read stays, and the row goes into the next snapshot.
  /// (Flink: UpdateType.OnReadAndWrite)
  [[nodiscard]] Ttl OnReadAndWrite() const;
  /// What has expired is seen until it is taken out, as if it had not. (Flink: StateVisibility.ReturnExpiredIfNotCleanedUp)
  [[nodiscard]] Ttl ReturnExpiredIfNotCleanedUp() const;
  /// Counted in event time: a value is as old as the record or timer that wrote it, and one that sees it is so much later. Where
  /// that is late, the watermark counts. So what is on time sees the same state whenever watermarks come. Needs a stream
  /// with event time. (Flink has only processing time.)
  [[nodiscard]] Ttl InEventTime() const;

  Duration after() const { return after_; }
  bool updates_on_read() const { return updates_on_read_; }
  bool returns_expired() const { return returns_expired_; }
  TimeDomain domain() const { return domain_; }
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const;

  /// When a value expires that was stamped at `stamp` milliseconds.
  std::int64_t ExpiresAt(std::int64_t stamp) const {
    std::int64_t at = 0;
    return __builtin_add_overflow(stamp, after_.count(), &at) ? INT64_MAX : at;
  }
  bool Expired(std::int64_t stamp, std::int64_t now) const { return ExpiresAt(stamp) <= now; }

 private:
  Duration after_{};
  TimeDomain domain_ = TimeDomain::kProcessingTime;
  bool updates_on_read_ = false;
  bool returns_expired_ = false;
};

namespace internal {

/// Of the constructors of a state: it is given a time to live if, and only if, its type says so.
template <class Life, class...>
constexpr void NeedForever() {
  constexpr bool forever = std::is_same_v<Life, Forever>;
  static_assert(
      forever, "millrace: state: its type says Ttl (Life): give it one: {this, \"name\", Ttl(1h)}");
}
template <class Life>
constexpr void NeedTtl() {
  constexpr bool expires = std::is_same_v<Life, Ttl>;
  static_assert(expires,
                "millrace: state: a time to live stands in the type, too: ValueState<T, Ttl>");
}

}  // namespace internal
}  // namespace millrace
