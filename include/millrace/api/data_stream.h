#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/api/broadcast_stream.h"
#include "millrace/api/checks.h"
#include "millrace/api/edge_pipe.h"
#include "millrace/api/invalid_stream.h"
#include "millrace/api/key_selector.h"
#include "millrace/api/keyed_stream.h"
#include "millrace/api/pipe.h"
#include "millrace/api/side_output.h"
#include "millrace/api/steps.h"
#include "millrace/base/status.h"
#include "millrace/connectors/collect_sink.h"
#include "millrace/connectors/simple_sinks.h"
#include "millrace/operators/chain/sink_tail.h"
#include "millrace/operators/process_operator.h"
#include "millrace/operators/timestamp_operator.h"

namespace millrace {

namespace internal {

template <class T, class Fn>
struct MakeProcess : MakeProcessBase<Fn> {
  std::string name;
  MakeProcess(std::string n, Fn f) : MakeProcessBase<Fn>(std::move(f)), name(std::move(n)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::unique_ptr<Operator>(new ProcessOperator<T, Fn, Chain>(name, this->fn, chain));
  }
};

template <class T, class Strategy>
struct MakeTimestamps : MakeBase {
  Strategy strategy;
  explicit MakeTimestamps(Strategy s) : strategy(std::move(s)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::unique_ptr<Operator>(new TimestampOperator<T, Strategy, Chain>(strategy, chain));
  }
  static constexpr bool kAlwaysTimed = true;
};

template <class T, class Out, class P, class Make>
auto ForwardPipe(P pipe, NodeSpec spec, Make make, bool timed) {
  GraphBuilder& builder = pipe.builder();
  std::vector<EdgeStart<T>> edges = EdgesOf<T>(std::move(pipe));
  for (const EdgeStart<T>& edge : edges) spec.AddInput(edge.input);
  OperatorPipe<Out, Make> next(&builder, std::move(spec), std::move(make), timed);
  for (std::size_t i = 0; i < edges.size(); ++i)
    next.AddPortFactory(i, std::move(edges[i].port_factory));
  return DataStream<Out, OperatorPipe<Out, Make>>(std::move(next));
}

}  // namespace internal

/// A stream of records of type T (Flink: DataStream).
///
/// Calls chained in one expression are fused: `env.FromSource(...).Map(f).Filter(g).SinkTo(...)` is one loop.
/// A stream with a name of its own (`auto s = ...;`) ends the fusion, and may be used any number of times; what
/// leads to it runs once. `Pipe` says what has been fused so far: write `auto`, or `DataStream<T>`.
template <class T, class Pipe>
class DataStream {
 public:
  using Record = T;

  explicit DataStream(Pipe pipe) : builder_(&pipe.builder()), pipe_(std::move(pipe)) {}
  /// Any stream of T becomes a named one: `DataStream<T> s = env.FromSource(...).Map(...);`
  template <class P>
    requires(!std::is_same_v<P, Pipe> && std::is_same_v<Pipe, NodePipe<T>>)
  DataStream(DataStream<T, P>&& other)  // NOLINT: implicit on purpose
      : builder_(&other.builder()), pipe_(other.TakeNamed()) {}

  /// One record for one record: `R fn(const T&)`, `R fn(T)`, or in place `void fn(T&)`.
  /// A function that returns another struct with strings over 15 bytes allocates for each of them; in-place
  /// functions, `millrace::String` and FlatMap's `out.Next()` don't.
  template <class F>
  auto Map(F fn) && {
    return MapOn(TakePipe(), "Map", std::move(fn));
  }
  template <class F>
  auto Map(F fn) & {
    return MapOn(TakeNamed(), "Map", std::move(fn));
  }
  template <class F>
  auto Map(std::string name, F fn) && {
    return MapOn(TakePipe(), std::move(name), std::move(fn));
  }
  template <class F>
  auto Map(std::string name, F fn) & {
    return MapOn(TakeNamed(), std::move(name), std::move(fn));
  }

  /// Keeps the records for which `bool fn(const T&)` is true; the others are counted as filtered.
  template <class F>
  auto Filter(F fn) && {
    return FilterOn(TakePipe(), "Filter", std::move(fn));
  }
  template <class F>
  auto Filter(F fn) & {
    return FilterOn(TakeNamed(), "Filter", std::move(fn));
  }
  template <class F>
  auto Filter(std::string name, F fn) && {
    return FilterOn(TakePipe(), std::move(name), std::move(fn));
  }
  template <class F>
  auto Filter(std::string name, F fn) & {
    return FilterOn(TakeNamed(), std::move(name), std::move(fn));
  }

  /// Any number of records for one: `void fn(const T&, Collector<R>& out)`. With `auto& out` the function is
  /// inlined and R is given: `FlatMap<Word>(fn)`.
  template <class R = void, class F>
  auto FlatMap(F fn) && {
    return FlatMapOn<R>(TakePipe(), "FlatMap", std::move(fn));
  }
  template <class R = void, class F>
  auto FlatMap(F fn) & {
    return FlatMapOn<R>(TakeNamed(), "FlatMap", std::move(fn));
  }
  template <class R = void, class F>
  auto FlatMap(std::string name, F fn) && {
    return FlatMapOn<R>(TakePipe(), std::move(name), std::move(fn));
  }
  template <class R = void, class F>
  auto FlatMap(std::string name, F fn) & {
    return FlatMapOn<R>(TakeNamed(), std::move(name), std::move(fn));
  }

  /// A function that sees each record with its context and may have side outputs: a `ProcessFunction<T, Out>`.
  template <class Fn>
  auto Process(std::string name, Fn fn) && {
    return ProcessOn(TakePipe(), std::move(name), std::move(fn));
  }
  template <class Fn>
  auto Process(std::string name, Fn fn) & {
    return ProcessOn(TakeNamed(), std::move(name), std::move(fn));
  }
  template <class Fn>
  InvalidStream Process(Fn) {
    constexpr bool named = internal::kNever<Fn>;
    static_assert(named,
                  "millrace: Process: give it a name, unique in the job: Process(\"name\", fn)");
    return {};
  }

  /// Partitions by key: a member (`&Reading::id`), several members, or `Key fn(const T&)`.
  template <class... Fs>
  auto KeyBy(Fs... key) && {
    return KeyByOn(TakePipe(), std::move(key)...);
  }
  template <class... Fs>
  auto KeyBy(Fs... key) & {
    return KeyByOn(TakeNamed(), std::move(key)...);
  }

  /// Deals records evenly to all subtasks of the next operator.
  auto Rebalance() && {
    return Repartition(TakePipe(), RoundRobinRouter<T>(), Partitioning::kRebalance);
  }
  auto Rebalance() & {
    return Repartition(TakeNamed(), RoundRobinRouter<T>(), Partitioning::kRebalance);
  }
  /// As Rebalance, to a part of the subtasks only: fewer channels.
  auto Rescale() && {
    return Repartition(TakePipe(), RoundRobinRouter<T>(), Partitioning::kRescale);
  }
  auto Rescale() & {
    return Repartition(TakeNamed(), RoundRobinRouter<T>(), Partitioning::kRescale);
  }
  /// Every record to every subtask of the next operator.
  auto Broadcast() && {
    return Repartition<BroadcastStream<T>>(TakePipe(), BroadcastRouter<T>(),
                                           Partitioning::kBroadcast);
  }
  auto Broadcast() & {
    return Repartition<BroadcastStream<T>>(TakeNamed(), BroadcastRouter<T>(),
                                           Partitioning::kBroadcast);
  }
  /// All records to subtask 0 of the next operator.
  auto Global() && { return Repartition(TakePipe(), SingleRouter<T>(), Partitioning::kGlobal); }
  auto Global() & { return Repartition(TakeNamed(), SingleRouter<T>(), Partitioning::kGlobal); }
  /// Subtask i to subtask i; needs equal parallelism.
  auto Forward() && { return Repartition(TakePipe(), SingleRouter<T>(), Partitioning::kForward); }
  auto Forward() & { return Repartition(TakeNamed(), SingleRouter<T>(), Partitioning::kForward); }
  /// `int fn(const T&, int targets)` says which subtask takes a record.
  template <class F>
  auto PartitionCustom(F fn) && {
    return PartitionOn(TakePipe(), std::move(fn));
  }
  template <class F>
  auto PartitionCustom(F fn) & {
    return PartitionOn(TakeNamed(), std::move(fn));
  }

  /// All records of several streams of one type; order between them is not kept.
  template <class... Others>
  auto Union(Others&&... others) && {
    return UnionOn(std::move(*this), std::forward<Others>(others)...);
  }
  template <class... Others>
  auto Union(Others&&... others) & {
    return UnionOn(*this, std::forward<Others>(others)...);
  }

  /// Ends the stream in a sink. `name` is unique in the job.
  template <class Sink>
  void SinkTo(std::string name, Sink sink) && {
    SinkOn(TakePipe(), std::move(name), std::move(sink));
  }
  template <class Sink>
  void SinkTo(std::string name, Sink sink) & {
    SinkOn(TakeNamed(), std::move(name), std::move(sink));
  }

  template <class Sink>
  InvalidStream SinkTo(Sink) {
    constexpr bool named = internal::kNever<Sink>;
    static_assert(named,
                  "millrace: SinkTo: give it a name, unique in the job: SinkTo(\"name\", sink)");
    return {};
  }

  /// Prints the records to stdout, one a line.
  void Print(std::string name = "print") && { PrintOn(TakePipe(), std::move(name)); }
  void Print(std::string name = "print") & { PrintOn(TakeNamed(), std::move(name)); }

  /// Runs the job and gives this stream's records; with parallelism over 1 in no particular order. For tests and small
  /// results: everything is kept in memory. (Flink: executeAndCollect)
  Result<std::vector<T>> ExecuteAndCollect(const std::string& job_name = "collect") && {
    return CollectOn(TakePipe(), job_name);
  }
  Result<std::vector<T>> ExecuteAndCollect(const std::string& job_name = "collect") & {
    return CollectOn(TakeNamed(), job_name);
  }

  /// Gives the records new event times and watermarks; those from before are dropped. Best done at the source, where
  /// every split has a watermark of its own. (Flink: assignTimestampsAndWatermarks)
  template <class Strategy>
  auto AssignTimestampsAndWatermarks(Strategy strategy) && {
    return AssignOn(TakePipe(), std::move(strategy));
  }
  template <class Strategy>
  auto AssignTimestampsAndWatermarks(Strategy strategy) & {
    return AssignOn(TakeNamed(), std::move(strategy));
  }

  /// Brings the stream together with one that goes to every subtask: `.Connect(rules.Broadcast())`; `.Process(name, fn)` follows,
  /// with a `BroadcastProcessFunction`.
  template <class B>
  auto Connect(BroadcastStream<B>&& broadcast) && {
    return ConnectOn(TakePipe(), std::move(broadcast));
  }
  template <class B>
  auto Connect(BroadcastStream<B>&& broadcast) & {
    return ConnectOn(TakeNamed(), std::move(broadcast));
  }
  template <class B>
  InvalidStream Connect(BroadcastStream<B>&) {
    return internal::RefuseNamedBroadcast<B>();
  }

  /// What needs a key says so here; each is a method of KeyedStream.
  template <class... Args>
  InvalidStream Window(Args&&...) {
    constexpr bool keyed = internal::kNever<Args...>;
    static_assert(keyed, "millrace: Window: the stream has no key; call KeyBy first");
    return {};
  }
  template <class... Args>
  InvalidStream Reduce(Args&&...) {
    constexpr bool keyed = internal::kNever<Args...>;
    static_assert(keyed, "millrace: Reduce: the stream has no key; call KeyBy first");
    return {};
  }
  template <class... Args>
  InvalidStream Aggregate(Args&&...) {
    constexpr bool keyed = internal::kNever<Args...>;
    static_assert(keyed, "millrace: Aggregate: the stream has no key; call KeyBy first");
    return {};
  }
  template <class... Args>
  InvalidStream Connect(Args&&...) {
    constexpr bool keyed = internal::kNever<Args...>;
    static_assert(
        keyed,
        "millrace: Connect: the stream has no key; call KeyBy on both first, or Broadcast "
        "on the other");
    return {};
  }

  /// The records an operator sent to `tag`.
  template <class S>
  DataStream<S, NodePipe<S>> SideOutput(const OutputTag<S>& tag) & {
    const NodePipe<T> main = TakeNamed();
    return DataStream<S, NodePipe<S>>(NodePipe<S>(
        builder_, main.node(),
        internal::FindOutput(*builder_, main.node(), tag.name, RecordSchema<S>()), main.timed()));
  }

  /// Subtasks of the operator that this stream comes from, with the steps fused to it: they run in one loop, so that two
  /// different numbers in one chain are an error of the plan. Rebalance() begins an operator of its own.
  DataStream&& Parallelism(int parallelism) && {
    const int before = pipe_.SetParallelism(
        internal::CheckedParallelism(*builder_, parallelism, pipe_.head_name()));
    internal::CheckOneParallelism(*builder_, before, parallelism, pipe_.head_name());
    return std::move(*this);
  }

  GraphBuilder& builder() const { return *builder_; }
  /// Closes the pipe where the stream gets a name; once.
  auto TakeNamed() {
    constexpr bool ok = kSerializable<T>;
    static_assert(internal::kDescribed<T>, "millrace: a named stream: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>, "millrace: a named stream: " MILLRACE_NO_MESSAGE);
    if constexpr (std::is_same_v<Pipe, NodePipe<T>>) {
      return pipe_;
    } else if constexpr (ok) {
      if (node_ < 0) {
        timed_ = pipe_.timed();
        node_ = pipe_.Close(PortTail<T>(), {});
      }
      return NodePipe<T>(builder_, node_, 0, timed_);
    } else {
      return internal::InvalidPipe<T>(builder_);
    }
  }
  /// For what goes on in the same loop. A stream that was used by its name is an operator of its own by then.
  Pipe TakePipe() {
    if (node_ >= 0) internal::NoteMovedAfterUse(*builder_, node_);
    return std::move(pipe_);
  }

 private:
  template <class P, class B>
  static auto ConnectOn(P pipe, BroadcastStream<B>&& broadcast) {
    constexpr bool record = kSerializable<T>;
    static_assert(internal::kDescribed<T>, "millrace: Connect: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>, "millrace: Connect: " MILLRACE_NO_MESSAGE);
    if constexpr (record) {
      return BroadcastConnectedStreams<T, P, B>(std::move(pipe), std::move(broadcast));
    } else {
      return InvalidStream();
    }
  }
  template <class P, class F>
  static auto MapOn(P pipe, std::string name, F fn) {
    if constexpr (internal::kMaps<F, T>) {
      using Step = internal::MapStep<T, F>;
      using Next = StepPipe<P, Step>;
      return DataStream<typename Step::Out, Next>(
          Next(std::move(pipe), std::move(name), Step{std::move(fn)}));
    } else {
      constexpr bool ok = internal::kBodyFails<F, T&>;
      static_assert(ok,
                    "millrace: Map: the function (F) can't be called, as const, with a record (T)");
      return internal::Refuse<F, T&>();
    }
  }
  template <class P, class F>
  static auto FilterOn(P pipe, std::string name, F fn) {
    if constexpr (internal::kFilters<F, T>) {
      using Next = StepPipe<P, internal::FilterStep<T, F>>;
      return DataStream<T, Next>(Next(std::move(pipe), std::move(name), {std::move(fn)}));
    } else {
      constexpr bool ok = internal::kBodyFails<F, const T&>;
      static_assert(
          ok, "millrace: Filter: the function (F) can't be called, as const, as bool(const T&)");
      return internal::Refuse<F, const T&>();
    }
  }
  template <class R, class P, class F>
  static auto FlatMapOn(P pipe, std::string name, F fn) {
    using Out = std::conditional_t<std::is_void_v<R>, typename internal::FlatMapOut<F>::type, R>;
    constexpr bool known = !std::is_void_v<Out>;
    static_assert(known, "millrace: FlatMap: (F) does not say what it emits: FlatMap<R>(fn)");
    if constexpr (known) {
      constexpr bool ok = internal::kFlatMaps<F, T, Out>;
      static_assert(
          ok, "millrace: FlatMap: (F) can't be called, as const, with (const T&, Collector<R>&)");
      if constexpr (ok) {
        using Next = StepPipe<P, internal::FlatMapStep<T, Out, F>>;
        return DataStream<Out, Next>(Next(std::move(pipe), std::move(name), {std::move(fn)}));
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class P>
  static Result<std::vector<T>> CollectOn(P pipe, const std::string& job_name) {
    GraphBuilder& builder = pipe.builder();
    CollectSink<T> rows;
    SinkOn(std::move(pipe), "collect", rows);
    MILLRACE_RETURN_IF_ERROR(builder.Run(job_name));
    return rows.Take();
  }
  template <class P, class Strategy>
  static auto AssignOn(P pipe, Strategy strategy) {
    constexpr bool ok = internal::kAssigns<Strategy, T>;
    static_assert(
        ok,
        "millrace: AssignTimestampsAndWatermarks: takes a WatermarkStrategy<T> with watermarks");
    constexpr bool record = kSerializable<T>;
    static_assert(internal::kDescribed<T>,
                  "millrace: AssignTimestampsAndWatermarks: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>,
                  "millrace: AssignTimestampsAndWatermarks: " MILLRACE_NO_MESSAGE);
    if constexpr (ok && record) {
      using Make = internal::MakeTimestamps<T, Strategy>;
      internal::NoteMistakeOf(pipe.builder(), "AssignTimestampsAndWatermarks", strategy);
      NodeSpec spec;
      spec.name = "timestamps";
      spec.kind = NodeKind::kOperator;
      return internal::ForwardPipe<T, T>(std::move(pipe), std::move(spec),
                                         Make(std::move(strategy)), true);
    } else {
      return InvalidStream();
    }
  }
  template <class P, class Fn>
  static auto ProcessOn(P pipe, std::string name, Fn fn) {
    constexpr bool ok = internal::kFunction<Fn, T>;
    static_assert(
        ok, "millrace: Process: Fn must be a ProcessFunction<T, Out>; with state: KeyBy first");
    constexpr bool record = kSerializable<T>;
    static_assert(internal::kDescribed<T>, "millrace: Process: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>, "millrace: Process: " MILLRACE_NO_MESSAGE);
    if constexpr (ok && record) {
      constexpr bool calls = internal::kProcesses<Fn, T>;
      static_assert(
          calls, "millrace: Process: Fn needs ProcessElement(const T&, Context&, Collector<Out>&)");
      if constexpr (calls) {
        using Make = internal::MakeProcess<T, Fn>;
        GraphBuilder& builder = pipe.builder();
        const bool timed = pipe.timed();
        builder.UseName(name, "process function");
        NodeSpec spec;
        spec.name = name;
        spec.named_by_user = true;
        spec.kind = NodeKind::kOperator;
        internal::DescribeFunction(builder, fn, timed, &spec);
        return internal::ForwardPipe<T, typename Fn::Out>(
            std::move(pipe), std::move(spec), Make(std::move(name), std::move(fn)), timed);
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class P, class... Fs>
  static auto KeyByOn(P pipe, Fs... fs) {
    if constexpr (internal::kSelectsKey<T, Fs...>) {
      auto key = internal::MakeKey(std::move(fs)...);
      using KeyFn = decltype(key);
      using K = internal::KeyOf<KeyFn, T>;
      constexpr bool record = kSerializable<T>;
      static_assert(internal::kDescribed<T>, "millrace: KeyBy: " MILLRACE_NO_RECORD);
      static_assert(internal::kMessagesKnown<T>, "millrace: KeyBy: " MILLRACE_NO_MESSAGE);
      if constexpr (internal::CheckKey<K, T>() && record) {
        return KeyedStream<T, K, KeyFn, P>(std::move(pipe), std::move(key));
      } else {
        return InvalidStream();
      }
    } else {
      constexpr bool ok = (internal::kBodyFails<Fs, const T&> || ...);
      static_assert(ok,
                    "millrace: KeyBy: takes members of the record (T), or a function of const T&");
      return (internal::Refuse<Fs, const T&>(), ..., InvalidStream());
    }
  }
  template <class P, class F>
  static auto PartitionOn(P pipe, F fn) {
    if constexpr (internal::kPartitions<F, T>) {
      return Repartition(std::move(pipe), CustomRouter<T, F>(std::move(fn)), Partitioning::kCustom);
    } else {
      constexpr bool ok = internal::kBodyFails<F, const T&, int>;
      static_assert(ok,
                    "millrace: PartitionCustom: (F) can't be called, as const, as int(const T&, "
                    "int targets)");
      return internal::Refuse<F, const T&, int>();
    }
  }
  template <class Stream = DataStream<T, EdgePipe<T>>, class P, class Router>
  static auto Repartition(P pipe, Router router, Partitioning partitioning) {
    constexpr bool record = kSerializable<T>;
    static_assert(internal::kDescribed<T>, "millrace: partitioning: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>, "millrace: partitioning: " MILLRACE_NO_MESSAGE);
    if constexpr (record) {
      EdgePipe<T> next(&pipe.builder(), pipe.timed());
      auto edge = internal::StartEdge<T>(std::move(pipe), std::move(router), partitioning);
      edge.input.partitioning_chosen = true;
      next.AddEdge(std::move(edge));
      return Stream(std::move(next));
    } else {
      return InvalidStream();
    }
  }
  template <class Self, class... Others>
  static auto UnionOn(Self&& self, Others&&... others) {
    constexpr bool record = kSerializable<T>;
    static_assert(internal::kDescribed<T>, "millrace: Union: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>, "millrace: Union: " MILLRACE_NO_MESSAGE);
    constexpr bool valid = (!std::is_same_v<std::remove_cvref_t<Others>, InvalidStream> && ...);
    constexpr bool ok = !valid || (internal::kStreamOf<std::remove_cvref_t<Others>, T> && ...);
    static_assert(
        ok, "millrace: Union: takes streams of the same record (T); Map the others to it first");
    if constexpr (record && valid && ok) {
      EdgePipe<T> next(&self.builder(), false);
      const auto add = [&next](auto&& stream) {
        if constexpr (std::is_lvalue_reference_v<decltype(stream)>) {
          next.AddTimed(stream.TakeNamed().timed());
          next.AddEdge(internal::StartEdge<T>(stream.TakeNamed(), RoundRobinRouter<T>(),
                                              Partitioning::kForward));
        } else {
          auto pipe = stream.TakePipe();
          next.AddTimed(pipe.timed());
          next.AddEdge(internal::StartEdge<T>(std::move(pipe), RoundRobinRouter<T>(),
                                              Partitioning::kForward));
        }
      };
      add(std::forward<Self>(self));
      (add(std::forward<Others>(others)), ...);
      return DataStream<T, EdgePipe<T>>(std::move(next));
    } else {
      return InvalidStream();
    }
  }
  template <class P, class Sink>
  static void SinkOn(P pipe, std::string name, Sink sink) {
    constexpr bool ok = internal::kWrites<Sink, T>;
    static_assert(ok, "millrace: SinkTo: the sink (Sink) does not write the stream's records (T)");
    if constexpr (ok) {
      pipe.builder().UseName(name, "sink");
      internal::NoteMistakeOf(pipe.builder(), name, sink);
      if constexpr (requires { sink.Target(); }) pipe.builder().UseTarget(sink.Target(), name);
      pipe.Close(SinkTail<T, Sink>(std::move(sink)), internal::Prepend(std::move(name), {}));
    }
  }
  template <class P>
  static void PrintOn(P pipe, std::string name) {
    constexpr bool record = kSerializable<T>;
    static_assert(internal::kDescribed<T>, "millrace: Print: " MILLRACE_NO_RECORD);
    static_assert(internal::kMessagesKnown<T>, "millrace: Print: " MILLRACE_NO_MESSAGE);
    if constexpr (record) SinkOn(std::move(pipe), std::move(name), PrintSink{});
  }

  GraphBuilder* builder_;
  Pipe pipe_;
  int node_ = -1;
  bool timed_ = false;
};

}  // namespace millrace
