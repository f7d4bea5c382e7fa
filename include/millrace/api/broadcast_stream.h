#pragma once

#include <string>
#include <utility>
#include <vector>

#include "millrace/api/edge_pipe.h"
#include "millrace/api/keyed_stream.h"
#include "millrace/operators/broadcast/broadcast_operator.h"

namespace millrace {

/// A stream whose records go to every subtask of the next operator; what `Broadcast()` gives. `Connect` takes one, for
/// functions with broadcast state (Flink: BroadcastStream).
template <class T>
class [[nodiscard]] BroadcastStream : public DataStream<T, EdgePipe<T>> {
 public:
  using DataStream<T, EdgePipe<T>>::DataStream;
};

namespace internal {

/// A broadcast stream is read by one operator.
template <class B>
InvalidStream RefuseNamedBroadcast() {
  constexpr bool here = kNever<B>;
  static_assert(
      here, "millrace: Connect: broadcast the other stream (B) here: Connect(rules.Broadcast())");
  return {};
}

template <class T, class B, class Fn>
struct MakeBroadcast : MakeProcessBase<Fn> {
  std::string name;
  MakeBroadcast(std::string n, Fn f) : MakeProcessBase<Fn>(std::move(f)), name(std::move(n)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::unique_ptr<Operator>(new BroadcastOperator<T, B, Fn, Chain>(name, this->fn, chain));
  }
};

template <class K, class T, class B, class KeyFn, class Fn>
struct MakeKeyedBroadcast : MakeProcessBase<Fn> {
  std::string name;
  KeyFn key;
  MakeKeyedBroadcast(std::string n, KeyFn k, Fn f)
      : MakeProcessBase<Fn>(std::move(f)), name(std::move(n)), key(std::move(k)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    using Op = KeyedBroadcastOperator<K, T, B, KeyFn, Fn, Chain>;
    return this->Ready(std::unique_ptr<Op>(new Op(name, key, this->fn, chain)));
  }
};

/// What is missing in a function on a stream of T and a broadcast one of B.
template <class Fn, class T, class B>
constexpr bool CheckBroadcastFunction() {
  constexpr bool calls = kProcesses<Fn, T>;
  static_assert(calls,
                "millrace: Process: Fn needs ProcessElement(const T&, Context&, Collector<Out>&)");
  constexpr bool broadcasts = kProcessesBroadcast<Fn, B>;
  static_assert(broadcasts,
                "millrace: Process: Fn needs ProcessBroadcastElement(const B&, BroadcastContext&, "
                "Collector<Out>&)");
  constexpr bool fires = kFires<Fn>;
  static_assert(fires,
                "millrace: Process: Fn's OnTimer takes (EventTime, Context&, Collector<Out>&)");
  constexpr bool spelt = !kOnTimerMisspelt<Fn>;
  static_assert(spelt, "millrace: Process: Fn's member for timers is called OnTimer");
  return calls && broadcasts && fires && spelt;
}

/// The operator on the edges of a stream, at port 0, and those of a broadcast one, at port 1.
template <class T, class B, class Make>
auto BroadcastPipe(GraphBuilder& builder, NodeSpec spec, Make make, std::vector<EdgeStart<T>> edges,
                   std::vector<EdgeStart<B>> broadcast, bool timed) {
  using Out = typename decltype(make.fn)::Out;
  for (const EdgeStart<T>& edge : edges) spec.AddInput(edge.input);
  for (EdgeStart<B>& edge : broadcast) {
    edge.input.port = 1;
    spec.AddInput(edge.input);
  }
  OperatorPipe<Out, Make> next(&builder, std::move(spec), std::move(make), timed);
  std::size_t input = 0;
  for (auto& edge : edges) next.AddPortFactory(input++, std::move(edge.port_factory));
  for (auto& edge : broadcast) next.AddPortFactory(input++, std::move(edge.port_factory));
  return DataStream<Out, OperatorPipe<Out, Make>>(std::move(next));
}

/// The spec of an operator with broadcast state.
template <class Fn>
NodeSpec BroadcastSpec(GraphBuilder& builder, const std::string& name, const Fn& fn, bool timed) {
  builder.UseName(name, "stateful operator");
  NodeSpec spec;
  spec.name = name;
  spec.named_by_user = true;
  spec.stateful = true;
  spec.kind = NodeKind::kOperator;
  DescribeFunction(builder, fn, timed, &spec);
  return spec;
}

}  // namespace internal

/// A stream and a broadcast one, that meet in one function (Flink: BroadcastConnectedStream).
template <class T, class Pipe, class B>
class [[nodiscard]] BroadcastConnectedStreams {
 public:
  BroadcastConnectedStreams(Pipe pipe, BroadcastStream<B> broadcast)
      : pipe_(std::move(pipe)), broadcast_(std::move(broadcast).TakePipe()) {}

  /// `fn` is a `BroadcastProcessFunction<T, B, Out>`.
  template <class Fn>
  auto Process(std::string name, Fn fn) && {
    constexpr bool ok = internal::kBroadcastFunction<Fn, T, B>;
    static_assert(ok, "millrace: Process: Fn must be a BroadcastProcessFunction<T, B, Out>");
    if constexpr (ok) {
      if constexpr (internal::CheckBroadcastFunction<Fn, T, B>()) {
        const bool timed = pipe_.timed() || broadcast_.timed();
        GraphBuilder& builder = pipe_.builder();
        NodeSpec spec = internal::BroadcastSpec(builder, name, fn, timed);
        using Make = internal::MakeBroadcast<T, B, Fn>;
        Make make(std::move(name), std::move(fn));
        return internal::BroadcastPipe<T, B>(builder, std::move(spec), std::move(make),
                                             internal::EdgesOf<T>(std::move(pipe_)),
                                             broadcast_.TakeEdges(), timed);
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
  Pipe pipe_;
  EdgePipe<B> broadcast_;
};

/// A keyed stream and a broadcast one, that meet in one function.
template <class T, class K, class KeyFn, class Pipe, class B>
class [[nodiscard]] KeyedBroadcastConnectedStreams {
 public:
  KeyedBroadcastConnectedStreams(Pipe pipe, KeyFn key, BroadcastStream<B> broadcast)
      : pipe_(std::move(pipe)), key_(std::move(key)), broadcast_(std::move(broadcast).TakePipe()) {}

  /// `fn` is a `KeyedBroadcastProcessFunction<K, T, B, Out>`.
  template <class Fn>
  auto Process(std::string name, Fn fn) && {
    constexpr bool ok = internal::kKeyedBroadcastFunction<Fn, K, T, B>;
    static_assert(ok,
                  "millrace: Process: Fn must be a KeyedBroadcastProcessFunction<K, T, B, Out>");
    if constexpr (ok) {
      if constexpr (internal::CheckBroadcastFunction<Fn, T, B>()) {
        const bool timed = pipe_.timed() || broadcast_.timed();
        GraphBuilder& builder = pipe_.builder();
        NodeSpec spec = internal::BroadcastSpec(builder, name, fn, timed);
        spec.key_schema = RecordSchema<K>();
        using Make = internal::MakeKeyedBroadcast<K, T, B, KeyFn, Fn>;
        Make make(std::move(name), key_, std::move(fn));
        make.timed = timed;
        std::vector<internal::EdgeStart<T>> edges;
        edges.push_back(internal::StartEdge<T>(std::move(pipe_), HashRouter<T, KeyFn>(key_),
                                               Partitioning::kHash));
        return internal::BroadcastPipe<T, B>(builder, std::move(spec), std::move(make),
                                             std::move(edges), broadcast_.TakeEdges(), timed);
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
  Pipe pipe_;
  KeyFn key_;
  EdgePipe<B> broadcast_;
};

}  // namespace millrace
