#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/api/data_stream.h"
#include "millrace/api/windowed_stream.h"
#include "millrace/testing/harness_parts.h"

namespace millrace::testing {

/// An event time or a time of the manual clock: milliseconds since 1970-01-01 UTC.
constexpr EventTime At(std::int64_t millis) {
  return EventTime::FromMillis(millis);
}

/// Runs `fn` and gives the error of the harness that it throws as a status, as a job that fails would: code ABORTED,
/// message "operator 'NAME', subtask 0: ...". OK when nothing is thrown.
///
///   const Status status = testing::StatusOf([&] { h.Push(broken, At(1)); });
template <class F>
Status StatusOf(F fn) {
  try {
    fn();
  } catch (const std::exception& e) {
    return Status(StatusCode::kAborted, e.what());
  }
  return Status::Ok();
}

namespace internal {

template <class N>
void RefuseNumber() {
  constexpr bool has_unit = !std::is_arithmetic_v<N>;
  static_assert(has_unit, "millrace: a number (N) is no time: testing::At(millis), h.Now() + 5s");
}

}  // namespace internal

/// One operator, as a job would build and run it, without a cluster: on a manual clock, on the test's own thread, a
/// record at a time. Made by `Harness` or one of its short forms (`KeyedProcessHarness`, `WindowHarness`, ...).
///
/// `Ins` are the records of the inputs, `Out` those of the output. Every call returns when all that it causes is done.
/// What user code throws, and mistakes of the pipeline, come out of the call as a `UserError` with the message that the
/// job would fail with; then the operator is dead, as in a job, and every further call throws the same error. A mistake
/// of the test itself (a clock set back, an unknown side output) is a `HarnessMisuse` and changes nothing.
template <class Out, class... Ins>
class OperatorHarness {
 public:
  OperatorHarness(const OperatorHarness&) = delete;
  OperatorHarness& operator=(const OperatorHarness&) = delete;
  using In = std::tuple_element_t<0, std::tuple<Ins...>>;

  /// `build(DataStream<Ins>...)` gives the stream that one operator emits.
  template <class Build>
  explicit OperatorHarness(Build build) : parts_(sizeof...(Ins)) {
    parts_.Guarded([&] { Make(build, std::index_sequence_for<Ins...>()); });
  }

  /// One record of the only (or first) input, with its event time. At or behind the watermark it is late. Without a time
  /// it is one of a stream without event time; not for event-time windows and sessions.
  void Push(const In& record, EventTime time = EventTime::Min()) { PushTo<0>(record, time); }
  /// One record of input `I`, counted from 0.
  template <std::size_t I>
  void PushTo(const std::tuple_element_t<I, std::tuple<Ins...>>& record, EventTime time) {
    parts_.Guarded([&] { parts_.PushBatch(std::get<I>(inputs_).Write(&record, &time, 1)); });
  }

  /// The watermark of all inputs together; never back. Fires the event-time timers and windows that are due, in the
  /// order of their times: a window when the watermark reaches its last millisecond. (Flink: EventTimeTrigger)
  void Watermark(EventTime time) {
    parts_.Guarded([&] { parts_.AdvanceWatermark(time); });
  }
  /// Sets the clock forward, never back. It stops at every processing-time timer and window on the way, so that each
  /// sees the clock at its due time.
  void ProcessingTime(EventTime time) {
    parts_.Guarded([&] { parts_.AdvanceProcessingTime(time); });
  }
  void ProcessingTime(Duration forward) { ProcessingTime(Now() + forward); }
  /// Numbers are refused: they have no unit.
  template <class N, std::enable_if_t<std::is_arithmetic_v<N>, int> = 0>
  void Watermark(N) {
    internal::RefuseNumber<N>();
  }
  template <class N, std::enable_if_t<std::is_arithmetic_v<N>, int> = 0>
  void ProcessingTime(N) {
    internal::RefuseNumber<N>();
  }
  /// The manual clock; begins at 2023-11-14T22:13:20.000Z, as that of the seeded driver.
  EventTime Now() const { return EventTime::FromMillis(parts_.clock.WallMillis()); }

  /// The end of all inputs: the final watermark, what processing-time windows hold, the function's `Close()`.
  /// Processing-time timers that are not due yet do not fire. (Flink: ProcessingTimeService.quiesce)
  void Close() {
    parts_.Guarded([&] { parts_.End(); });
  }

  /// What was emitted since the last TakeOutputs, in order. `millrace::String`s in it live as long as the harness.
  const std::vector<Stamped<Out>>& Outputs() const { return *collect_.into; }
  std::vector<Stamped<Out>> TakeOutputs() { return std::exchange(*collect_.into, {}); }
  /// The same without times.
  std::vector<Out> TakeRecords() { return Records(TakeOutputs()); }

  /// What was sent to a side output since the last TakeSideOutput, in order; `SideOutputLate`'s tag is one too. Throws
  /// when the operator has none of this name and type.
  template <class S>
  const std::vector<Stamped<S>>& SideOutput(const OutputTag<S>& tag) {
    return parts_.template SideRows<S>(tag.name);
  }
  template <class S>
  std::vector<Stamped<S>> TakeSideOutput(const OutputTag<S>& tag) {
    return std::exchange(parts_.template SideRows<S>(tag.name), {});
  }

  /// The timers that are registered, of all keys of type K, in the order of time. Throws where there are none to ask
  /// for: the operator is no keyed process function with this key. A key that is a `millrace::String` is a view of the
  /// state, valid until the next call.
  template <class K>
  std::vector<Timer<K>> Timers(TimeDomain domain) const {
    const auto* view = dynamic_cast<const TimerView<K>*>(parts_.op.get());
    if (view == nullptr)
      throw HarnessMisuse("Timers<K>: the operator is no process function with keys of type K");
    return view->Timers(domain);
  }
  /// Rows of keyed state: keys that have a value or a timer; of tumbling windows one per key and open window.
  std::uint64_t StateRows() const { return parts_.op->StateRows(); }
  /// Bytes of state that a job would charge to its memory: tables, which grow in steps and keep what they have, and what
  /// their values hold on the heap (long strings, lists).
  std::int64_t StateBytes() const {
    return parts_.memory.used(MemoryUse::kState) +
           static_cast<std::int64_t>(parts_.op->HeldBytes() + parts_.texts.used_bytes());
  }
  /// Records in, out, filtered and late.
  const OperatorCounters& Counters() const { return parts_.counters; }

  /// Whether the operator is now and then lost between two calls, and made anew from a snapshot, as in a job that
  /// recovers: a test of an operator is a test of its recovery. It is, unless you say otherwise. Members of a function
  /// that are no state are then as they were at first. Nothing happens where the state has types that can't be written.
  void SetRecovery(bool on) { parts_.recovery.enabled = on && parts_.context.checkpoints; }

  /// How often that has happened.
  std::uint64_t Recoveries() const { return parts_.recovery.restores; }

  /// Rows of a step at most (default: no limit). With a few, the operator is stopped and gone on with in the middle of
  /// its work, as happens in a job; results must not change.
  void SetStepRows(std::int64_t rows) { parts_.step_rows = rows; }

 protected:
  /// Records of input `I` that come in one batch (several when they are more than 160), as in a job: for the engine's own
  /// tests. What they cause does not depend on it.
  template <std::size_t I>
  void PushRows(const std::vector<std::tuple_element_t<I, std::tuple<Ins...>>>& records,
                const std::vector<EventTime>& times) {
    const auto count = static_cast<std::uint32_t>(records.size());
    parts_.Guarded(
        [&] { parts_.PushBatch(std::get<I>(inputs_).Write(records.data(), times.data(), count)); });
  }

 private:
  struct Collect {
    internal::HarnessParts* parts;
    std::shared_ptr<std::vector<Stamped<Out>>> into = std::make_shared<std::vector<Stamped<Out>>>();
    void operator()(const Out& record, EventTime time) const {
      parts->Keep(record, time, into.get());
    }
  };
  static std::vector<Out> Records(std::vector<Stamped<Out>> rows) {
    std::vector<Out> records;
    for (Stamped<Out>& row : rows) records.push_back(std::move(row.record));
    return records;
  }
  template <class Build, std::size_t... I>
  void Make(Build& build, std::index_sequence<I...>) {
    using Stream = decltype(build(std::declval<DataStream<Ins>>()...));
    constexpr bool refused = std::is_same_v<Stream, InvalidStream>;  // the compiler has said why
    constexpr bool same = refused || std::is_same_v<typename Stream::Record, Out>;
    static_assert(
        same,
        "millrace: Harness: the pipeline's stream does not have the records of the harness (Out)");
    if constexpr (same && !refused) {
      build(DataStream<Ins>(NodePipe<Ins>(&parts_.builder, static_cast<int>(I), 0, true))...)
          .SinkTo("outputs", FunctionSink<Collect>{collect_});
      parts_.CheckPlan();
      (std::get<I>(inputs_).Bind(parts_, static_cast<int>(I)), ...);
      parts_.Open();
    }
  }

  internal::HarnessParts parts_;
  Collect collect_{&parts_};
  std::tuple<internal::HarnessInput<Ins>...> inputs_;
};

/// A harness around an operator with keys of type K and timers.
template <class K, class Out, class... Ins>
class KeyedOperatorHarness : public OperatorHarness<Out, Ins...> {
 public:
  using OperatorHarness<Out, Ins...>::OperatorHarness;
  std::vector<Timer<K>> EventTimers() const {
    return this->template Timers<K>(TimeDomain::kEventTime);
  }
  std::vector<Timer<K>> ProcessingTimers() const {
    return this->template Timers<K>(TimeDomain::kProcessingTime);
  }
};

/// The general form: any pipeline of one operator, written as in the job.
///
///   auto h = testing::Harness<Event>([](DataStream<Event> in) {
///     return std::move(in).KeyBy(&Event::key).Window(TumblingEventTime(1min)).AllowedLateness(10s)
///         .SideOutputLate(OutputTag<Event>{"late"}).Aggregate("sums", Sum(&Event::amount));
///   });
///   h.Push({"a", 5}, testing::At(1000));
///   h.Watermark(testing::At(59999));
///   EXPECT_EQ(h.TakeRecords().at(0).value, 5);
template <class... Ins, class Build>
auto Harness(Build build) {
  using Stream = decltype(build(std::declval<DataStream<Ins>>()...));
  return OperatorHarness<typename Stream::Record, Ins...>(std::move(build));
}

/// A KeyedProcessFunction; `key` is a member or a function, as for KeyBy.
///
///   auto h = testing::KeyedProcessHarness(&Event::key, MyFunction{});
template <class Key, class Fn>
auto KeyedProcessHarness(Key key, Fn fn, std::string name = "process") {
  using In = typename Fn::In;
  return KeyedOperatorHarness<typename Fn::Key, typename Fn::Out, In>(
      [&](DataStream<In> in) { return std::move(in).KeyBy(key).Process(name, std::move(fn)); });
}

/// A KeyedCoProcessFunction: `h.PushTo<0>(...)` is its first input, `h.PushTo<1>(...)` its second.
template <class Key1, class Key2, class Fn>
auto KeyedCoProcessHarness(Key1 key1, Key2 key2, Fn fn, std::string name = "process") {
  using In1 = typename Fn::In1;
  using In2 = typename Fn::In2;
  return KeyedOperatorHarness<typename Fn::Key, typename Fn::Out, In1, In2>(
      [&](DataStream<In1> first, DataStream<In2> second) {
        return std::move(first)
            .KeyBy(key1)
            .Connect(std::move(second).KeyBy(key2))
            .Process(name, std::move(fn));
      });
}

/// A KeyedBroadcastProcessFunction: `h.PushTo<0>(...)` is the keyed input, `h.PushTo<1>(...)` the broadcast one.
template <class Key, class Fn>
auto KeyedBroadcastHarness(Key key, Fn fn, std::string name = "process") {
  using In = typename Fn::In;
  using B = typename Fn::Broadcast;
  return KeyedOperatorHarness<typename Fn::Key, typename Fn::Out, In, B>(
      [&](DataStream<In> in, DataStream<B> broadcast) {
        return std::move(in)
            .KeyBy(key)
            .Connect(std::move(broadcast).Broadcast())
            .Process(name, std::move(fn));
      });
}

/// A BroadcastProcessFunction; inputs as above.
template <class Fn>
auto BroadcastHarness(Fn fn, std::string name = "process") {
  using In = typename Fn::In;
  using B = typename Fn::Broadcast;
  return OperatorHarness<typename Fn::Out, In, B>([&](DataStream<In> in, DataStream<B> broadcast) {
    return std::move(in).Connect(std::move(broadcast).Broadcast()).Process(name, std::move(fn));
  });
}

/// A ProcessFunction (no key).
template <class Fn>
auto ProcessHarness(Fn fn, std::string name = "process") {
  using In = typename Fn::In;
  return OperatorHarness<typename Fn::Out, In>(
      [&](DataStream<In> in) { return std::move(in).Process(name, std::move(fn)); });
}

/// Aggregates keyed windows: `WindowHarness<Event>(&Event::key, TumblingEventTime(1min), Sum(&Event::amount))`. For
/// allowed lateness and a side output for late records write the pipeline out in `Harness`.
template <class In, class Key, class Windows, class Agg>
auto WindowHarness(Key key, Windows windows, Agg agg) {
  return Harness<In>([&](DataStream<In> in) {
    return std::move(in).KeyBy(key).Window(windows).Aggregate("window", std::move(agg));
  });
}
/// The same with a window function: `void fn(const K&, const Window&, const R&, Collector<Out>&)`.
template <class In, class Key, class Windows, class Agg, class F>
auto WindowHarness(Key key, Windows windows, Agg agg, F fn) {
  return Harness<In>([&](DataStream<In> in) {
    return std::move(in).KeyBy(key).Window(windows).Aggregate("window", std::move(agg),
                                                              std::move(fn));
  });
}

/// A Map's function alone: `MapHarness<int>([](int n) { return n * 2; })`.
template <class In, class F>
auto MapHarness(F fn) {
  return Harness<In>([&](DataStream<In> in) { return std::move(in).Map(std::move(fn)); });
}
template <class In, class F>
auto FilterHarness(F fn) {
  return Harness<In>([&](DataStream<In> in) { return std::move(in).Filter(std::move(fn)); });
}
/// A FlatMap's; with a generic function the record it emits is given: `FlatMapHarness<std::string, Word>(fn)`.
template <class In, class R = void, class F>
auto FlatMapHarness(F fn) {
  return Harness<In>(
      [&](DataStream<In> in) { return std::move(in).template FlatMap<R>(std::move(fn)); });
}

}  // namespace millrace::testing
