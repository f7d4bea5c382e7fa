#pragma once

#include <type_traits>
#include <utility>

#include "millrace/operators/watermarks.h"

namespace millrace {

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

  /// No event time: event-time windows on such a stream are an error of the plan, event-time timers fire at the end of
  /// the input.
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
    static_assert(
        !std::is_integral_v<M>,
        "millrace: WithTimestamp: an integer needs its unit: WithTimestamp(&T::m, Unit::k...)");
    return With(MemberTimestamp<C, M>(member, Unit::kMilliseconds));
  }
  template <class C, class M>
  auto WithTimestamp(M C::* member, Unit unit) const {
    return With(MemberTimestamp<C, M>(member, unit));
  }
  /// `EventTime fn(const T&)`, or an integer in `unit`.
  template <class F>
    requires std::is_class_v<F>
  auto WithTimestamp(F fn, Unit unit = Unit::kMilliseconds) const {
    return With(FunctionTimestamp<T, F>(std::move(fn), unit));
  }
  /// A split without a record for this long (processing time) no longer holds back the watermark, until its next record.
  /// 0, the default: never. (Flink: withIdleness; "Dealing With Idle Sources")
  WatermarkStrategy WithIdleness(Duration after) const { return {generator_, timestamps_, after}; }

  Gen CreateGenerator() const { return generator_; }
  const Assign& timestamps() const { return timestamps_; }
  Duration idle_after() const { return idle_after_; }

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
