#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "millrace/api/pipe.h"
#include "millrace/api/windows.h"
#include "millrace/operators/keyed_operator.h"
#include "millrace/operators/slice_window_operator.h"

namespace millrace {

template <class T, class Pipe = NodePipe<T>>
class DataStream;
template <class T, class K, class KeyFn, class Pipe, class Windows>
class WindowedStream;

namespace internal {

template <class K, class T, class KeyFn, class Logic>
struct MakeKeyed : MakeBase {
  KeyFn key;
  Logic logic;
  MakeKeyed(KeyFn k, Logic l) : key(std::move(k)), logic(std::move(l)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::make_unique<KeyedOperator<K, T, KeyFn, Logic, Chain>>(key, logic, chain);
  }
};

/// The spec of a stateful operator with one keyed input, and the edge into it.
template <class K, class T, class Out, class Pipe, class KeyFn, class Make>
auto KeyedPipe(Pipe pipe, const KeyFn& key, NodeSpec spec, Make make, bool timed) {
  GraphBuilder& builder = pipe.builder();
  builder.UseName(spec.name, "stateful operator");
  spec.named_by_user = true;
  spec.stateful = true;
  spec.kind = NodeKind::kOperator;
  spec.key_schema = RecordSchema<K>();
  auto edge = StartEdge<T>(std::move(pipe), HashRouter<T, KeyFn>(key), Partitioning::kHash);
  spec.inputs.push_back(edge.input);
  OperatorPipe<Out, Make> next(&builder, std::move(spec), std::move(make), timed);
  next.AddPortFactory(0, std::move(edge.port_factory));
  return DataStream<Out, OperatorPipe<Out, Make>>(std::move(next));
}

}  // namespace internal

/// A stream partitioned by key: its operators keep state per key (Flink: KeyedStream).
template <class T, class K, class KeyFn, class Pipe>
class [[nodiscard]] KeyedStream {
 public:
  KeyedStream(Pipe pipe, KeyFn key) : pipe_(std::move(pipe)), key_(std::move(key)) {}

  /// Folds each key's records with `T fn(const T& so_far, const T& record)`; emits the value per record.
  template <class F>
  auto Reduce(std::string name, F fn) && {
    constexpr bool ok = std::is_invocable_r_v<T, const F&, const T&, const T&>;
    static_assert(ok, "millrace: Reduce: the function (F) must be callable as T(const T&, const T&)");
    using Logic = ReduceLogic<K, T, F>;
    const bool timed = pipe_.timed();
    NodeSpec spec;
    spec.name = name;
    spec.states.push_back({"value", "value", RecordSchema<T>()});
    using Make = internal::MakeKeyed<K, T, KeyFn, Logic>;
    return internal::KeyedPipe<K, T, T>(std::move(pipe_), key_, std::move(spec),
                                        Make(key_, Logic(std::move(fn), std::move(name))), timed);
  }

  /// Aggregates each key's records; emits KeyedResult{key, result so far} per record.
  template <class Agg>
  auto Aggregate(std::string name, Agg agg) && {
    static_assert(AggregatorOf<Agg, T>, "millrace: Aggregate: Agg does not aggregate records of the stream (T)");
    using Logic = AggregateLogic<K, T, Agg>;
    using Out = typename Logic::Result;
    const bool timed = pipe_.timed();
    NodeSpec spec;
    spec.name = name;
    spec.states.push_back({"accumulator", "value", RecordSchema<typename Agg::Accumulator>()});
    using Make = internal::MakeKeyed<K, T, KeyFn, Logic>;
    return internal::KeyedPipe<K, T, Out>(std::move(pipe_), key_, std::move(spec),
                                          Make(key_, Logic(std::move(agg), std::move(name))), timed);
  }

  /// Groups each key's records into windows, e.g. `TumblingEventTime(5s)`.
  template <class Windows>
  auto Window(Windows windows) && {
    return WindowedStream<T, K, KeyFn, Pipe, Windows>(std::move(pipe_), std::move(key_), std::move(windows));
  }

 private:
  Pipe pipe_;
  KeyFn key_;
};

}  // namespace millrace
