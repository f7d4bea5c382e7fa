#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "millrace/api/checks.h"
#include "millrace/api/pipe.h"
#include "millrace/api/windows.h"
#include "millrace/operators/keyed_operator.h"
#include "millrace/operators/keyed_process_operator.h"

namespace millrace {

template <class T, class Pipe = NodePipe<T>>
class DataStream;
template <class T, class K, class KeyFn, class Pipe, class Windows>
class WindowedStream;

template <class K, class First, class Second>
class KeyedConnectedStreams;
template <class T>
class BroadcastStream;
template <class T, class K, class KeyFn, class Pipe, class B>
class KeyedBroadcastConnectedStreams;

namespace internal {

template <class K, class T, class KeyFn, class Logic>
struct MakeKeyed : MakeBase {
  KeyFn key;
  Logic logic;
  MakeKeyed(KeyFn k, Logic l) : key(std::move(k)), logic(std::move(l)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::unique_ptr<Operator>(
        new KeyedOperator<K, T, KeyFn, Logic, Chain>(key, logic, chain));
  }
};

template <class B>
InvalidStream RefuseNamedBroadcast();

/// What a Make for a process function knows besides its operator.
template <class Fn>
struct MakeProcessBase : MakeBase {
  Fn fn;
  bool timed = true;  // its records have event time
  explicit MakeProcessBase(Fn f) : fn(std::move(f)) {}
  template <class Op>
  std::unique_ptr<Operator> Ready(std::unique_ptr<Op> op) const {
    if (!timed) op->WithoutEventTime();
    return op;
  }
  const BatchType* SideOutputType(int output) const { return fn.TypeOfOutput(output); }
};

template <class K, class T, class KeyFn, class Fn>
struct MakeKeyedProcess : MakeProcessBase<Fn> {
  std::string name;
  KeyFn key;
  MakeKeyedProcess(std::string n, KeyFn k, Fn f)
      : MakeProcessBase<Fn>(std::move(f)), name(std::move(n)), key(std::move(k)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    using Op = KeyedProcessOperator<K, T, KeyFn, Fn, Chain>;
    return this->Ready(std::unique_ptr<Op>(new Op(name, key, this->fn, chain)));
  }
};

template <class K, class T1, class T2, class KeyFn1, class KeyFn2, class Fn>
struct MakeKeyedCoProcess : MakeProcessBase<Fn> {
  std::string name;
  KeyFn1 key1;
  KeyFn2 key2;
  MakeKeyedCoProcess(std::string n, KeyFn1 k1, KeyFn2 k2, Fn f)
      : MakeProcessBase<Fn>(std::move(f)),
        name(std::move(n)),
        key1(std::move(k1)),
        key2(std::move(k2)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    using Op = KeyedCoProcessOperator<K, T1, T2, KeyFn1, KeyFn2, Fn, Chain>;
    return this->Ready(std::unique_ptr<Op>(new Op(name, key1, key2, this->fn, chain)));
  }
};

/// Side outputs and states of a process function, by name, in the plan. `keyed` may be null. `timed`: its records have event
/// time.
void DescribeFunction(GraphBuilder& builder, const SideOutputOwner& outputs,
                      const OperatorStateOwner& states, const StateOwner* keyed, bool timed,
                      NodeSpec* spec);
template <class Fn>
void DescribeFunction(GraphBuilder& builder, const Fn& fn, bool timed, NodeSpec* spec) {
  if constexpr (std::is_base_of_v<StateOwner, Fn>) {
    DescribeFunction(builder, fn, fn, &fn, timed, spec);
  } else {
    DescribeFunction(builder, fn, fn, nullptr, timed, spec);
  }
}

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
  spec.AddInput(edge.input);
  OperatorPipe<Out, Make> next(&builder, std::move(spec), std::move(make), timed);
  next.AddPortFactory(0, std::move(edge.port_factory));
  return DataStream<Out, OperatorPipe<Out, Make>>(std::move(next));
}

}  // namespace internal

/// A stream partitioned by key: its operators keep state per key (Flink: KeyedStream).
template <class T, class K, class KeyFn, class Pipe>
class [[nodiscard]] KeyedStream {
 public:
  using Record = T;
  using KeySelector = KeyFn;
  KeyedStream(Pipe pipe, KeyFn key) : pipe_(std::move(pipe)), key_(std::move(key)) {}

  /// Folds each key's records with `T fn(const T& so_far, const T& record)`; emits the value per record. One that picks may
  /// return `const T&`: one of its arguments.
  template <class F>
  auto Reduce(std::string name, F fn) && {
    if constexpr (internal::kReduces<F, T>) {
      using Logic = ReduceLogic<K, T, F>;
      const bool timed = pipe_.timed();
      NodeSpec spec;
      spec.name = name;
      spec.AddState("value", "value", RecordSchema<T>());
      using Make = internal::MakeKeyed<K, T, KeyFn, Logic>;
      return internal::KeyedPipe<K, T, T>(std::move(pipe_), key_, std::move(spec),
                                          Make(key_, Logic(std::move(fn), std::move(name))), timed);
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

  /// Aggregates each key's records; emits KeyedResult{key, result so far} per record.
  template <class Agg>
  auto Aggregate(std::string name, Agg agg) && {
    if constexpr (internal::CheckAggregator<Agg, T>()) {
      internal::NoteMistakeOf(pipe_.builder(), name, agg);
      using Logic = AggregateLogic<K, T, Agg>;
      using Out = typename Logic::Result;
      const bool timed = pipe_.timed();
      NodeSpec spec;
      spec.name = name;
      spec.AddState("accumulator", "value", RecordSchema<typename Agg::Accumulator>());
      using Make = internal::MakeKeyed<K, T, KeyFn, Logic>;
      return internal::KeyedPipe<K, T, Out>(std::move(pipe_), key_, std::move(spec),
                                            Make(key_, Logic(std::move(agg), std::move(name))),
                                            timed);
    } else {
      return InvalidStream();
    }
  }
  template <class Agg>
  InvalidStream Aggregate(Agg) && {
    constexpr bool named = internal::kNever<Agg>;
    static_assert(named,
                  "millrace: Aggregate: has state, so it needs a name: Aggregate(\"name\", agg)");
    return {};
  }

  /// A function with state per key and timers: a `KeyedProcessFunction<K, T, Out>` (Flink: process).
  template <class Fn>
  auto Process(std::string name, Fn fn) && {
    constexpr bool ok = internal::kKeyedFunction<Fn, K, T>;
    static_assert(ok, "millrace: Process: Fn must be a KeyedProcessFunction<K, T, Out>");
    if constexpr (ok) {
      constexpr bool calls = internal::kProcesses<Fn, T>;
      static_assert(
          calls, "millrace: Process: Fn needs ProcessElement(const T&, Context&, Collector<Out>&)");
      constexpr bool fires = internal::kFires<Fn>;
      static_assert(fires,
                    "millrace: Process: Fn's OnTimer takes (EventTime, Context&, Collector<Out>&)");
      constexpr bool spelt = !internal::kOnTimerMisspelt<Fn>;
      static_assert(spelt, "millrace: Process: Fn's member for timers is called OnTimer");
      if constexpr (calls && fires && spelt) {
        const bool timed = pipe_.timed();
        NodeSpec spec;
        spec.name = name;
        internal::DescribeFunction(pipe_.builder(), fn, timed, &spec);
        using Make = internal::MakeKeyedProcess<K, T, KeyFn, Fn>;
        Make make(std::move(name), key_, std::move(fn));
        make.timed = timed;
        return internal::KeyedPipe<K, T, typename Fn::Out>(std::move(pipe_), key_, std::move(spec),
                                                           std::move(make), timed);
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class Fn>
  InvalidStream Process(Fn) && {
    constexpr bool named = internal::kNever<Fn>;
    static_assert(named, "millrace: Process: has state, so it needs a name: Process(\"name\", fn)");
    return {};
  }

  /// Brings the stream together with one that goes to every subtask: `.Connect(rules.Broadcast())`; `.Process(name, fn)` follows,
  /// with a `KeyedBroadcastProcessFunction`.
  template <class B>
  auto Connect(BroadcastStream<B>&& broadcast) && {
    return KeyedBroadcastConnectedStreams<T, K, KeyFn, Pipe, B>(std::move(pipe_), std::move(key_),
                                                                std::move(broadcast));
  }
  template <class B>
  InvalidStream Connect(BroadcastStream<B>&) && {
    return internal::RefuseNamedBroadcast<B>();
  }
  /// Brings two keyed streams together; `.Process(name, fn)` follows, with a `KeyedCoProcessFunction`.
  template <class Other>
  auto Connect(Other other) && {
    constexpr bool invalid = std::is_same_v<Other, InvalidStream>;
    constexpr bool ok = invalid || internal::kKeyedBy<Other, K>;
    static_assert(
        ok, "millrace: Connect: takes a stream that is keyed by the same type (K), or Broadcast()");
    if constexpr (ok && !invalid) {
      return KeyedConnectedStreams<K, KeyedStream, Other>(std::move(*this), std::move(other));
    } else {
      return InvalidStream();
    }
  }

  Pipe TakePipe() && { return std::move(pipe_); }
  const KeyFn& key() const { return key_; }

  /// Groups each key's records into windows, e.g. `TumblingEventTime(5s)`.
  template <class Windows>
  auto Window(Windows windows) && {
    return WindowedStream<T, K, KeyFn, Pipe, Windows>(std::move(pipe_), std::move(key_),
                                                      std::move(windows));
  }

 private:
  Pipe pipe_;
  KeyFn key_;
};

/// Two streams with one key type; they share the state of one function (Flink: KeyedConnectedStreams).
template <class K, class First, class Second>
class [[nodiscard]] KeyedConnectedStreams {
 public:
  KeyedConnectedStreams(First first, Second second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// `fn` is a `KeyedCoProcessFunction<K, T1, T2, Out>`.
  template <class Fn>
  auto Process(std::string name, Fn fn) && {
    using T1 = typename First::Record;
    using T2 = typename Second::Record;
    constexpr bool ok = internal::kCoFunction<Fn, K, T1, T2>;
    static_assert(ok, "millrace: Process: Fn must be a KeyedCoProcessFunction<K, T1, T2, Out>");
    if constexpr (ok) {
      constexpr bool calls = internal::kCoProcesses<Fn, T1, T2>;
      static_assert(
          calls,
          "millrace: Process: Fn needs ProcessElement1 and 2(const T&, Context&, Collector<Out>&)");
      constexpr bool fires = internal::kFires<Fn>;
      static_assert(fires,
                    "millrace: Process: Fn's OnTimer takes (EventTime, Context&, Collector<Out>&)");
      constexpr bool spelt = !internal::kOnTimerMisspelt<Fn>;
      static_assert(spelt, "millrace: Process: Fn's member for timers is called OnTimer");
      if constexpr (calls && fires && spelt) {
        return std::move(*this).template Build<T1, T2>(std::move(name), std::move(fn));
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class Fn>
  InvalidStream Process(Fn) && {
    constexpr bool named = internal::kNever<Fn>;
    static_assert(named, "millrace: Process: has state, so it needs a name: Process(\"name\", fn)");
    return {};
  }

 private:
  template <class T1, class T2, class Fn>
  auto Build(std::string name, Fn fn) && {
    using Out = typename Fn::Out;
    using KeyFn1 = typename First::KeySelector;
    using KeyFn2 = typename Second::KeySelector;
    using Make = internal::MakeKeyedCoProcess<K, T1, T2, KeyFn1, KeyFn2, Fn>;
    auto pipe1 = std::move(first_).TakePipe();
    auto pipe2 = std::move(second_).TakePipe();
    GraphBuilder& builder = pipe1.builder();
    const bool timed = pipe1.timed() || pipe2.timed();
    builder.UseName(name, "stateful operator");
    NodeSpec spec;
    spec.name = name;
    spec.named_by_user = true;
    spec.stateful = true;
    spec.kind = NodeKind::kOperator;
    spec.key_schema = RecordSchema<K>();
    internal::DescribeFunction(builder, fn, timed, &spec);
    auto edge1 = internal::StartEdge<T1>(std::move(pipe1), HashRouter<T1, KeyFn1>(first_.key()),
                                         Partitioning::kHash);
    auto edge2 = internal::StartEdge<T2>(std::move(pipe2), HashRouter<T2, KeyFn2>(second_.key()),
                                         Partitioning::kHash);
    edge2.input.port = 1;
    spec.AddInput(edge1.input);
    spec.AddInput(edge2.input);
    Make make(std::move(name), first_.key(), second_.key(), std::move(fn));
    make.timed = timed;
    OperatorPipe<Out, Make> next(&builder, std::move(spec), std::move(make), timed);
    next.AddPortFactory(0, std::move(edge1.port_factory));
    next.AddPortFactory(1, std::move(edge2.port_factory));
    return DataStream<Out, OperatorPipe<Out, Make>>(std::move(next));
  }

  First first_;
  Second second_;
};

}  // namespace millrace
