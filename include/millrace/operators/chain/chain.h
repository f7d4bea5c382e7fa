#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/base/time.h"
#include "millrace/io/value_traits.h"
#include "millrace/operators/collector.h"
#include "millrace/operators/operator.h"
#include "millrace/operators/user_error.h"

/// Fused steps. A chain is a type: `MapStage<F, FilterStage<G, EdgeTail<...>>>`, instantiated once, where the
/// terminal call closes it. A stage has:
///   Bind(ChainContext&)   takes its place in the operator's context
///   Begin() -> Cursor     a value that lives in registers during one loop over rows
///   Cursor::Push(x, t)    x is `T&` (may be consumed; recycled capacity is left in it) or `const T&`
///   Cursor::PushMade(make, t)   the same of a record that `make()` returns; where `Cursor::Made` is its type
///   Cursor::End()         writes local counts back
///   tail()                the end of the chain: EdgeTail, SinkTail or PortTail
namespace millrace {

/// Hands out the operator's outputs and step counters while a chain binds, front to back.
class ChainContext {
 public:
  explicit ChainContext(OperatorContext& context) : context_(context) {}
  OperatorContext& operator_context() { return context_; }
  StepCounters* NextStep();

 private:
  OperatorContext& context_;
  std::size_t next_step_ = 0;
};

namespace internal {

/// Calls a user function with a record that may be consumed, or with a const one.
template <class F, class T>
MILLRACE_INLINE decltype(auto) CallWith(const F& fn, T& x) {
  if constexpr (std::is_const_v<T> || !std::is_invocable_v<const F&, T&&>) {
    return fn(x);
  } else {
    return fn(std::move(x));
  }
}

template <class F, class T>
using CallResult =
    std::remove_cvref_t<decltype(CallWith(std::declval<const F&>(), std::declval<T&>()))>;

/// A cursor that takes what makes an R, not the R: `PushMade(R make(), t)`.
template <class Cursor, class R>
inline constexpr bool kTakesMade = false;
template <class Cursor, class R>
  requires requires { typename Cursor::Made; }
inline constexpr bool kTakesMade<Cursor, R> = std::is_same_v<typename Cursor::Made, R>;

/// The parameter of a function on records of type T is a value. Unknown, so false, of overloaded ones.
template <class Signature>
inline constexpr bool kOfValue = false;
template <class C, class R, class P>
inline constexpr bool kOfValue<R (C::*)(P) const> = !std::is_reference_v<P>;
template <class C, class R, class P>
inline constexpr bool kOfValue<R (C::*)(P) const noexcept> = !std::is_reference_v<P>;
template <class R, class P>
inline constexpr bool kOfValue<R (*)(P)> = !std::is_reference_v<P>;
template <class F, class T>
constexpr bool TakesValue() {
  if constexpr (requires { &F::operator(); }) {
    return kOfValue<decltype(&F::operator())>;
  } else if constexpr (requires { &F::template operator()<T>; }) {
    return kOfValue<decltype(&F::template operator()<T>)>;
  } else {
    return kOfValue<F>;
  }
}

}  // namespace internal

/// Map: `R fn(T)`, `R fn(const T&)` or, in place, `void fn(T&)`.
template <class In, class F, class Next>
class MapStage {
 public:
  using Tail = typename Next::Tail;
  MapStage(F fn, Next next) : fn_(std::move(fn)), next_(std::move(next)) {}

  using Result = decltype(internal::CallWith(std::declval<const F&>(), std::declval<In&>()));
  static constexpr bool kInPlace = std::is_void_v<Result>;
  /// The result is made where it will be read.
  static constexpr bool kMadeInPlace = internal::kTakesMade<typename Next::Cursor, Result>;

  void Bind(ChainContext& c) {
    step_ = c.NextStep();
    next_.Bind(c);
  }
  auto& tail() { return next_.tail(); }

  struct Cursor {
    MapStage* stage;
    typename Next::Cursor next;

    template <class T>
    MILLRACE_INLINE void Push(T& x, EventTime t) {
      if constexpr (kInPlace && std::is_const_v<T>) {
        In copy = x;
        Push(copy, t);
      } else if constexpr (kInPlace) {
        stage->Call(x);
        next.Push(x, t);
      } else if constexpr (kMadeInPlace) {
        next.PushMade([&]() -> decltype(auto) { return stage->Call(x); }, t);
      } else {
        auto r = stage->Call(x);
        next.Push(r, t);
        if constexpr (std::is_same_v<decltype(r), In> && !std::is_const_v<T> && kHasHeap<In>) {
          MoveInto(x, r);  // the record's buffers go back to where they came from
        }
      }
    }
    MILLRACE_INLINE void End() { next.End(); }
  };
  MILLRACE_INLINE Cursor Begin() { return {this, next_.Begin()}; }

 private:
  template <class T>
  MILLRACE_INLINE decltype(auto) Call(T& x) const {
    try {
      return internal::CallWith(fn_, x);
    } catch (...) {
      using Record = std::remove_cvref_t<decltype(x)>;
      if constexpr (!std::is_const_v<T> && kHasHeap<In> && internal::TakesValue<F, In>()) {
        internal::RethrowWithRest<Record>(step_->name, x);
      } else {
        internal::RethrowWith<Record>(step_->name, x);
      }
    }
  }

  F fn_;
  Next next_;
  StepCounters* step_ = nullptr;
};

/// Filter: keeps the records for which `bool fn(const T&)` is true.
template <class In, class F, class Next>
class FilterStage {
 public:
  using Tail = typename Next::Tail;
  FilterStage(F fn, Next next) : fn_(std::move(fn)), next_(std::move(next)) {}

  void Bind(ChainContext& c) {
    step_ = c.NextStep();
    counters_ = c.operator_context().counters;
    next_.Bind(c);
  }
  auto& tail() { return next_.tail(); }

  struct Cursor {
    FilterStage* stage;
    typename Next::Cursor next;
    std::uint64_t in = 0;
    std::uint64_t out = 0;

    template <class T>
    MILLRACE_INLINE void Push(T& x, EventTime t) {
      ++in;
      if (!stage->Call(x)) return;
      ++out;
      next.Push(x, t);
    }
    MILLRACE_INLINE void End() {
      stage->step_->in.Add(in);
      stage->step_->out.Add(out);
      stage->counters_->filtered.Add(in - out);
      next.End();
    }
  };
  MILLRACE_INLINE Cursor Begin() { return {this, next_.Begin()}; }

 private:
  template <class T>
  MILLRACE_INLINE bool Call(const T& x) const {
    try {
      return static_cast<bool>(fn_(x));
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(x)>>(step_->name, x);
    }
  }

  F fn_;
  Next next_;
  StepCounters* step_ = nullptr;
  OperatorCounters* counters_ = nullptr;
};

/// FlatMap: `void fn(T, Collector<R>& out)`, or with `auto& out`, which is inlined.
template <class In, class Out, class F, class Next>
class FlatMapStage {
 public:
  using Tail = typename Next::Tail;
  FlatMapStage(F fn, Next next) : fn_(std::move(fn)), next_(std::move(next)) {}
  FlatMapStage(const FlatMapStage& o) : fn_(o.fn_), next_(o.next_) {}
  FlatMapStage(FlatMapStage&& o) noexcept : fn_(std::move(o.fn_)), next_(std::move(o.next_)) {}

  void Bind(ChainContext& c) {
    step_ = c.NextStep();
    next_.Bind(c);
  }
  auto& tail() { return next_.tail(); }

  struct Cursor {
    FlatMapStage* stage;
    typename Next::Cursor next;
    std::uint64_t in = 0;
    std::uint64_t out = 0;

    template <class T>
    MILLRACE_INLINE void Push(T& x, EventTime t) {
      ++in;
      CursorCollector<Out, typename Next::Cursor> collector(next, stage->scratch_, t, out);
      stage->Call(x, collector);
      collector.Done();
    }
    MILLRACE_INLINE void End() {
      stage->step_->in.Add(in);
      stage->step_->out.Add(out);
      next.End();
    }
  };
  MILLRACE_INLINE Cursor Begin() { return {this, next_.Begin()}; }

 private:
  template <class T, class C>
  MILLRACE_INLINE void Call(T& x, C& collector) const {
    try {
      if constexpr (requires { fn_(x, collector); }) {
        fn_(x, collector);
      } else if constexpr (requires { fn_(std::move(x), collector); }) {
        fn_(std::move(x), collector);
      } else {
        Collector<Out> erased(collector);
        constexpr bool copies = requires { fn_(x, erased); };
        constexpr bool takes = requires { fn_(std::move(x), erased); };
        static_assert(
            copies || takes,
            "millrace: FlatMap: (F) can't be called, as const, with (const T&, Collector<R>&)");
        if constexpr (copies) {
          fn_(x, erased);
        } else if constexpr (takes) {
          fn_(std::move(x), erased);
        }
      }
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(x)>>(step_->name, x);
    }
  }

  F fn_;
  Next next_;
  Out scratch_{};
  StepCounters* step_ = nullptr;
};

}  // namespace millrace
