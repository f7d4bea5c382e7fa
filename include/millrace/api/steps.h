#pragma once

#include <type_traits>
#include <utility>

#include "millrace/operators/chain/chain.h"

/// The fused steps of a pipe: what to put in front of the rest of the chain.
namespace millrace::internal {

template <class In, class F>
struct MapStep {
  F fn;
  static constexpr bool kInPlace =
      std::is_void_v<decltype(CallWith(std::declval<const F&>(), std::declval<In&>()))>;
  using Out = typename std::conditional_t<kInPlace, std::type_identity<In>,
                                          std::type_identity<CallResult<F, In>>>::type;
  template <class Next>
  MapStage<In, F, Next> Wrap(Next next) {
    return {std::move(fn), std::move(next)};
  }
};

template <class In, class F>
struct FilterStep {
  F fn;
  using Out = In;
  template <class Next>
  FilterStage<In, F, Next> Wrap(Next next) {
    return {std::move(fn), std::move(next)};
  }
};

template <class In, class R, class F>
struct FlatMapStep {
  F fn;
  using Out = R;
  template <class Next>
  FlatMapStage<In, R, F, Next> Wrap(Next next) {
    return {std::move(fn), std::move(next)};
  }
};

/// A function that is not generic.
template <class F>
concept HasCallOperator = requires { &F::operator(); };

/// R of a function whose last parameter is `Collector<R>&`; void when it can't be told.
/// @cond
template <class F>
struct CollectorOf : CollectorOf<decltype(&F::operator())> {};
template <class R, class C, class T, class O>
struct CollectorOf<R (C::*)(T, Collector<O>&) const> {
  using type = O;
};
/// @endcond
template <class F>
struct FlatMapOut {
  using type = void;
};
template <HasCallOperator F>
  requires requires { typename CollectorOf<F>::type; }
struct FlatMapOut<F> {
  using type = typename CollectorOf<F>::type;
};

}  // namespace millrace::internal
