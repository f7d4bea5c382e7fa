#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/operators/watermarks.h"

namespace millrace {

namespace internal {

/// What can be a record's event time.
template <class M>
inline constexpr bool kTimestamp = std::is_same_v<M, EventTime> || std::is_integral_v<M> ||
                                   requires(const M& m) { m.time_since_epoch(); };

}  // namespace internal

/// How a source's records get event time and watermarks (Flink: WatermarkStrategy). A value; chain the parts:
///
///   WatermarkStrategy<Reading>::BoundedOutOfOrderness(5s)
///       .WithTimestamp(&Reading::timestamp, Unit::kMilliseconds)
///       .WithIdleness(30s)
///
/// Each split of a source has a generator of its own; the source's watermark is their minimum.
template <class T, class Gen = NoWatermarkGenerator, class Assign = SourceTimestamps>
class WatermarkStrategy {
 public:
  using Record = T;
  using Generator = Gen;
  using Timestamps = Assign;

  WatermarkStrategy() = default;
  WatermarkStrategy(Gen generator, Assign timestamps, Duration idle_after)
      : generator_(std::move(generator)),
        timestamps_(std::move(timestamps)),
        idle_after_(idle_after) {}

  /// No event time: event-time windows on such a stream are an error of the plan, and event-time timers fail the job when
  /// they are registered (but for one at EventTime::Max(), which fires at the end of the input).
  static WatermarkStrategy<T> NoWatermarks() { return {}; }
  /// Times never go back within a split.
  static WatermarkStrategy<T, BoundedGenerator> Monotonous() {
    return {BoundedGenerator(Duration(0)), SourceTimestamps{}, Duration(0)};
  }
  /// A record is at most `bound` older than the newest before it; older ones are late.
  static WatermarkStrategy<T, BoundedGenerator> BoundedOutOfOrderness(Duration bound) {
    return {BoundedGenerator(bound), SourceTimestamps{}, Duration(0)};
  }
  /// A generator of your own: a copyable class with `void OnEvent(EventTime)` and `EventTime Current() const`
  /// and `static constexpr bool kTimed = true`.
  template <class G>
  static WatermarkStrategy<T, G> Custom(G generator) {
    return {std::move(generator), SourceTimestamps{}, Duration(0)};
  }

  /// A member that is an EventTime or a time point.
  template <class C, class M>
  auto WithTimestamp(M C::* member) const {
    constexpr bool integer = std::is_integral_v<M>;
    static_assert(
        !integer,
        "millrace: WithTimestamp: integers (M) need a unit: WithTimestamp(&T::m, Unit::k...)");
    if constexpr (integer) {
      return With(SourceTimestamps());
    } else {
      return WithTimestamp(member, Unit::kMilliseconds);
    }
  }
  /// An integer member, in `unit`.
  template <class C, class M>
  auto WithTimestamp(M C::* member, Unit unit) const {
    constexpr bool ok = std::is_base_of_v<C, T> && internal::kTimestamp<M>;
    static_assert(
        ok,
        "millrace: WithTimestamp: takes an integer, EventTime or time point (M) of the record (T)");
    if constexpr (ok) {
      return With(MemberTimestamp<C, M>(member, unit));
    } else {
      return With(SourceTimestamps());
    }
  }
  /// `EventTime fn(const T&)`.
  template <class F>
    requires(!std::is_member_pointer_v<F>)
  auto WithTimestamp(F fn) const {
    constexpr bool ok = requires(const F& f, const T& t) {
      { f(t) } -> std::same_as<EventTime>;
    };
    static_assert(
        ok,
        "millrace: WithTimestamp: takes EventTime(const T&), or a function of integers and a unit");
    if constexpr (ok) {
      return With(FunctionTimestamp<T, F>(std::move(fn), Unit::kMilliseconds));
    } else {
      return With(SourceTimestamps());
    }
  }
  /// A function that gives integers, in `unit`: `std::int64_t fn(const T&)`.
  template <class F>
    requires(!std::is_member_pointer_v<F>)
  auto WithTimestamp(F fn, Unit unit) const {
    constexpr bool ok = requires(const F& f, const T& t) {
      { f(t) } -> std::integral;
    };
    static_assert(
        ok, "millrace: WithTimestamp: with a unit takes a function (F) from const T& to integers");
    if constexpr (ok) {
      return With(FunctionTimestamp<T, F>(std::move(fn), unit));
    } else {
      return With(SourceTimestamps());
    }
  }
  /// A split without a record for this long (processing time) no longer holds back the watermark, until its next record.
  /// 1 ms to 10,000 years; without it: never. (Flink: withIdleness; "Dealing With Idle Sources")
  WatermarkStrategy WithIdleness(Duration after) const {
    return {generator_, timestamps_, after.count() > 0 ? after : Duration(-1)};
  }

  Gen CreateGenerator() const { return generator_; }
  const Assign& timestamps() const { return timestamps_; }
  Duration idle_after() const { return idle_after_; }
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    if (idle_after_.count() < 0 || idle_after_ > kMaxDuration)
      return "WithIdleness takes a time of 1 ms to 10,000 years";
    if constexpr (requires { generator_.Mistake(); }) return generator_.Mistake();
    return {};
  }

 private:
  template <class A>
  WatermarkStrategy<T, Gen, A> With(A timestamps) const {
    return {generator_, std::move(timestamps), idle_after_};
  }

  Gen generator_{};
  Assign timestamps_{};
  Duration idle_after_{0};
};

}  // namespace millrace
