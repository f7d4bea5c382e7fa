#pragma once

#include <string>
#include <utility>

#include "millrace/api/data_stream.h"
#include "millrace/api/keyed_stream.h"
#include "millrace/api/side_output.h"

namespace millrace {

namespace internal {

template <class Windows, class K, class T, class KeyFn, class Agg, class WindowFn>
struct MakeWindow : MakeBase {
  WindowSpec<Windows> spec;
  KeyFn key;
  Agg agg;
  WindowFn fn;
  MakeWindow(WindowSpec<Windows> s, KeyFn k, Agg a, WindowFn f)
      : spec(std::move(s)), key(std::move(k)), agg(std::move(a)), fn(std::move(f)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return MakeWindowOperator<K, T, KeyFn, Agg, WindowFn, Chain>(spec, key, agg, fn, chain);
  }
  const BatchType* SideOutputType(int output) const {
    return output == spec.late_output ? &BatchTypeOf<T>() : nullptr;
  }
  static constexpr bool kAlwaysTimed = true;
};

/// A user's window function: `void fn(const K&, const Window&, const R&, Collector<Out>&)`.
template <class O, class K, class R, class F>
struct UserWindowFn {
  using Out = O;
  F fn;
  template <class V, class C>
  MILLRACE_INLINE void operator()(const K& key, const Window& window, const V& value,
                                  C& out) const {
    if constexpr (std::is_invocable_v<const F&, const K&, const Window&, const V&, C&>) {
      fn(key, window, value, out);
    } else {
      Collector<O> erased(out);
      fn(key, window, value, erased);
    }
  }
};

/// @cond
template <class F>
struct WindowFnOut {};
template <class F>
  requires requires { &F::operator(); }
struct WindowFnOut<F> : WindowFnOut<decltype(&F::operator())> {};
template <class R, class C, class A, class B, class V, class O>
struct WindowFnOut<R (C::*)(A, B, V, Collector<O>&) const> {
  using type = O;
};
/// @endcond

/// The record type a window function emits: given, or read from its `Collector<Out>&`; void when it can't be told.
template <class O, class F>
struct WindowOut {
  using type = O;
};
template <class F>
  requires requires { typename WindowFnOut<F>::type; }
struct WindowOut<void, F> : WindowFnOut<F> {};

/// Notes an error for a negative lateness. One of over 10,000 years is as good as that: longer than time.
Duration CheckedLateness(GraphBuilder& builder, Duration lateness, const std::string& name);
/// Notes an error for a window without length or a slide that does not move, and for lengths of over 10,000 years.
void CheckWindows(GraphBuilder& builder, const SliceWindows& windows, const std::string& name);
void CheckWindows(GraphBuilder& builder, const SessionWindows& windows, const std::string& name);
void CheckWindows(GraphBuilder& builder, const CountWindows& windows, const std::string& name);
/// Notes an error for lateness of windows that know none.
void CheckLateness(GraphBuilder& builder, bool given, const std::string& name);
/// Notes an error for event-time windows over a stream without event time.
void CheckEventTime(GraphBuilder& builder, bool has_time, const std::string& name);

}  // namespace internal

/// A keyed stream in windows (Flink: WindowedStream).
template <class T, class K, class KeyFn, class Pipe, class Windows>
class [[nodiscard]] WindowedStream {
 public:
  WindowedStream(Pipe pipe, KeyFn key, Windows windows)
      : pipe_(std::move(pipe)), key_(std::move(key)), windows_(std::move(windows)) {}

  /// Keeps a window this much longer for late records; each fires the window again. Default 0. Nothing is late by the
  /// machine's clock: processing-time windows are kept no longer.
  WindowedStream&& AllowedLateness(Duration lateness) && {
    lateness_ = lateness;
    return std::move(*this);
  }
  /// Sends records that are later than allowed to `tag` instead of only counting them.
  template <class S>
  WindowedStream&& SideOutputLate(const OutputTag<S>& tag) && {
    constexpr bool ok = std::is_same_v<S, T>;
    static_assert(ok, "millrace: SideOutputLate: late records are the stream's: OutputTag<T>");
    late_tag_ = tag.name;
    return std::move(*this);
  }

  /// Aggregates each window; emits WindowResult{key, window, value}, timed at the window's last millisecond.
  template <class Agg>
  auto Aggregate(std::string name, Agg agg) && {
    if constexpr (internal::CheckAggregator<Agg, T>()) {
      using R = AggregateResult<Agg>;
      return std::move(*this).Apply(std::move(name), std::move(agg), EmitWindowResult<K, R>{});
    } else {
      return InvalidStream();
    }
  }
  /// The same, shaped by `void fn(const K&, const Window&, const R&, Collector<Out>&)`. With a generic function
  /// (`auto& out`), which is inlined, Out is given: `Aggregate<Out>(name, agg, fn)`.
  template <class O = void, class Agg, class F>
  auto Aggregate(std::string name, Agg agg, F fn) && {
    using Out = typename internal::WindowOut<O, F>::type;
    constexpr bool known = !std::is_void_v<Out>;
    static_assert(
        known,
        "millrace: Aggregate: (F) does not say what it emits: Aggregate<Out>(name, agg, fn)");
    if constexpr (known && internal::CheckAggregator<Agg, T>()) {
      using R = AggregateResult<Agg>;
      constexpr bool ok = internal::kShapesWindow<F, K, R, Out>;
      static_assert(
          ok,
          "millrace: Aggregate: (F) is no (const K&, const Window&, const R&, Collector<Out>&)");
      if constexpr (ok) {
        return std::move(*this).Apply(std::move(name), std::move(agg),
                                      internal::UserWindowFn<Out, K, R, F>{std::move(fn)});
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class O = void, internal::NotAName Agg, class... F>
  InvalidStream Aggregate(Agg, F...) && {
    constexpr bool named = internal::kNever<Agg>;
    static_assert(named,
                  "millrace: Aggregate: has state, so it needs a name: Aggregate(\"name\", agg)");
    return {};
  }

  /// Folds each window's records with `T fn(const T&, const T&)`; emits the value.
  template <class F>
  auto Reduce(std::string name, F fn) && {
    if constexpr (internal::kReduces<F, T>) {
      return std::move(*this).Apply(std::move(name), ReduceAggregator<T, F>(std::move(fn)),
                                    EmitWindowValue<K, T>{});
    } else {
      constexpr bool ok = internal::kBodyFails<F, const T&, const T&>;
      static_assert(ok,
                    "millrace: Reduce: (F) can't be called, as const, as T(const T&, const T&)");
      return internal::Refuse<F, const T&, const T&>();
    }
  }
  template <class F>
  InvalidStream Reduce(F) && {
    constexpr bool named = internal::kNever<F>;
    static_assert(named, "millrace: Reduce: has state, so it needs a name: Reduce(\"name\", fn)");
    return {};
  }

  /// All records of a window at once: `void fn(const K&, const Window&, const std::vector<T>&, Collector<Out>&)`.
  /// Keeps every record until the window has fired; prefer Aggregate.
  template <class O = void, class F>
  auto Process(std::string name, F fn) && {
    using Out = typename internal::WindowOut<O, F>::type;
    constexpr bool known = !std::is_void_v<Out>;
    static_assert(known,
                  "millrace: Process: (F) does not say what it emits: Process<Out>(name, fn)");
    if constexpr (known) {
      constexpr bool ok = internal::kShapesWindow<F, K, std::vector<T>, Out>;
      static_assert(ok,
                    "millrace: Process: (F) is no (const K&, const Window&, vector<T> const&, "
                    "Collector<Out>&)");
      if constexpr (ok) {
        return std::move(*this).Apply(
            std::move(name), CollectRecords<T>{},
            internal::UserWindowFn<Out, K, std::vector<T>, F>{std::move(fn)});
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class O = void, class F>
  InvalidStream Process(F) && {
    constexpr bool named = internal::kNever<F>;
    static_assert(named, "millrace: Process: has state, so it needs a name: Process(\"name\", fn)");
    return {};
  }

 private:
  template <class Agg, class WindowFn>
  auto Apply(std::string name, Agg agg, WindowFn fn) && {
    internal::CheckWindows(pipe_.builder(), windows_, name);
    internal::NoteMistakeOf(pipe_.builder(), name, agg);
    lateness_ = internal::CheckedLateness(pipe_.builder(), lateness_, name);
    WindowSpec<Windows> window;
    window.name = name;
    window.windows = windows_;
    window.lateness = lateness_;
    if constexpr (std::is_same_v<Windows, CountWindows>) {
      internal::CheckLateness(pipe_.builder(), lateness_.count() != 0 || !late_tag_.empty(), name);
    } else {
      internal::CheckEventTime(pipe_.builder(), windows_.processing_time || pipe_.timed(), name);
      // (Flink: WindowOperator.cleanupTime)
      if (windows_.processing_time) window.lateness = Duration(0);
    }
    NodeSpec spec;
    spec.name = std::move(name);
    spec.AddState("panes", "window", RecordSchema<typename Agg::Accumulator>());
    if (!late_tag_.empty()) {
      window.late_output = 1;
      spec.AddOutput(late_tag_, RecordSchema<T>());
    }
    using Make = internal::MakeWindow<Windows, K, T, KeyFn, Agg, WindowFn>;
    return internal::KeyedPipe<K, T, typename WindowFn::Out>(
        std::move(pipe_), key_, std::move(spec),
        Make(std::move(window), key_, std::move(agg), std::move(fn)), true);
  }

  Pipe pipe_;
  KeyFn key_;
  Windows windows_;
  Duration lateness_{0};
  std::string late_tag_;
};

}  // namespace millrace
