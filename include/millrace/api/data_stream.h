#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/api/edge_pipe.h"
#include "millrace/api/key_selector.h"
#include "millrace/api/keyed_stream.h"
#include "millrace/api/pipe.h"
#include "millrace/api/side_output.h"
#include "millrace/api/steps.h"
#include "millrace/base/status.h"
#include "millrace/connectors/collect_sink.h"
#include "millrace/connectors/simple_sinks.h"
#include "millrace/operators/process_operator.h"
#include "millrace/operators/sink_tail.h"
#include "millrace/operators/timestamp_operator.h"

namespace millrace {

namespace internal {

template <class T, class Fn>
struct MakeProcess : MakeProcessBase<Fn> {
  std::string name;
  MakeProcess(std::string n, Fn f) : MakeProcessBase<Fn>(std::move(f)), name(std::move(n)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::make_unique<ProcessOperator<T, Fn, Chain>>(name, this->fn, chain);
  }
};

template <class T, class Strategy>
struct MakeTimestamps : MakeBase {
  Strategy strategy;
  explicit MakeTimestamps(Strategy s) : strategy(std::move(s)) {}
  template <class Chain>
  std::unique_ptr<Operator> Create(const Chain& chain) const {
    return std::make_unique<TimestampOperator<T, Strategy, Chain>>(strategy, chain);
  }
  bool always_timed() const { return true; }
};

/// An operator without a key behind a forward edge.
template <class T, class Out, class P, class Make>
auto ForwardPipe(P pipe, NodeSpec spec, Make make, bool timed) {
  GraphBuilder& builder = pipe.builder();
  auto edge = StartEdge<T>(std::move(pipe), RoundRobinRouter<T>(), Partitioning::kForward);
  spec.inputs.push_back(edge.input);
  OperatorPipe<Out, Make> next(&builder, std::move(spec), std::move(make), timed);
  next.AddPortFactory(0, std::move(edge.port_factory));
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
    return MapOn(std::move(pipe_), "Map", std::move(fn));
  }
  template <class F>
  auto Map(F fn) & {
    return MapOn(TakeNamed(), "Map", std::move(fn));
  }
  template <class F>
  auto Map(std::string name, F fn) && {
    return MapOn(std::move(pipe_), std::move(name), std::move(fn));
  }
  template <class F>
  auto Map(std::string name, F fn) & {
    return MapOn(TakeNamed(), std::move(name), std::move(fn));
  }

  /// Keeps the records for which `bool fn(const T&)` is true; the others are counted as filtered.
  template <class F>
  auto Filter(F fn) && {
    return FilterOn(std::move(pipe_), "Filter", std::move(fn));
  }
  template <class F>
  auto Filter(F fn) & {
    return FilterOn(TakeNamed(), "Filter", std::move(fn));
  }

  /// Any number of records for one: `void fn(const T&, Collector<R>& out)`. With `auto& out` the function is
  /// inlined and R is given: `FlatMap<Word>(fn)`.
  template <class R = void, class F>
  auto FlatMap(F fn) && {
    return FlatMapOn<R>(std::move(pipe_), "FlatMap", std::move(fn));
  }
  template <class R = void, class F>
  auto FlatMap(F fn) & {
    return FlatMapOn<R>(TakeNamed(), "FlatMap", std::move(fn));
  }

  /// A function that sees each record with its context and may have side outputs: a `ProcessFunction<T, Out>`.
  template <class Fn>
  auto Process(std::string name, Fn fn) && {
    return ProcessOn(std::move(pipe_), std::move(name), std::move(fn));
  }
  template <class Fn>
  auto Process(std::string name, Fn fn) & {
    return ProcessOn(TakeNamed(), std::move(name), std::move(fn));
  }

  /// Partitions by key: a member (`&Reading::id`), several members, or `Key fn(const T&)`.
  template <class... Fs>
  auto KeyBy(Fs... key) && {
    return KeyByOn(std::move(pipe_), internal::MakeKey(std::move(key)...));
  }
  template <class... Fs>
  auto KeyBy(Fs... key) & {
    return KeyByOn(TakeNamed(), internal::MakeKey(std::move(key)...));
  }

  /// Deals records evenly to all subtasks of the next operator.
  auto Rebalance() && {
    return Repartition(std::move(pipe_), RoundRobinRouter<T>(), Partitioning::kRebalance);
  }
  auto Rebalance() & {
    return Repartition(TakeNamed(), RoundRobinRouter<T>(), Partitioning::kRebalance);
  }
  /// As Rebalance, to a part of the subtasks only: fewer channels.
  auto Rescale() && {
    return Repartition(std::move(pipe_), RoundRobinRouter<T>(), Partitioning::kRescale);
  }
  auto Rescale() & {
    return Repartition(TakeNamed(), RoundRobinRouter<T>(), Partitioning::kRescale);
  }
  /// Every record to every subtask of the next operator.
  auto Broadcast() && {
    return Repartition(std::move(pipe_), BroadcastRouter<T>(), Partitioning::kBroadcast);
  }
  auto Broadcast() & {
    return Repartition(TakeNamed(), BroadcastRouter<T>(), Partitioning::kBroadcast);
  }
  /// All records to subtask 0 of the next operator.
  auto Global() && {
    return Repartition(std::move(pipe_), SingleRouter<T>(), Partitioning::kGlobal);
  }
  auto Global() & { return Repartition(TakeNamed(), SingleRouter<T>(), Partitioning::kGlobal); }
  /// Subtask i to subtask i; needs equal parallelism.
  auto Forward() && {
    return Repartition(std::move(pipe_), SingleRouter<T>(), Partitioning::kForward);
  }
  auto Forward() & { return Repartition(TakeNamed(), SingleRouter<T>(), Partitioning::kForward); }
  /// `int fn(const T&, int targets)` says which subtask takes a record.
  template <class F>
  auto PartitionCustom(F fn) && {
    return Repartition(std::move(pipe_), CustomRouter<T, F>(std::move(fn)), Partitioning::kCustom);
  }
  template <class F>
  auto PartitionCustom(F fn) & {
    return Repartition(TakeNamed(), CustomRouter<T, F>(std::move(fn)), Partitioning::kCustom);
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
    SinkOn(std::move(pipe_), std::move(name), std::move(sink));
  }
  template <class Sink>
  void SinkTo(std::string name, Sink sink) & {
    SinkOn(TakeNamed(), std::move(name), std::move(sink));
  }

  /// Prints the records to stdout, one a line.
  void Print(std::string name = "print") && {
    SinkOn(std::move(pipe_), std::move(name), PrintSink{});
  }
  void Print(std::string name = "print") & { SinkOn(TakeNamed(), std::move(name), PrintSink{}); }

  /// Runs the job and gives this stream's records; with parallelism over 1 in no particular order. For tests and small
  /// results: everything is kept in memory. (Flink: executeAndCollect)
  Result<std::vector<T>> ExecuteAndCollect(const std::string& job_name = "collect") && {
    return CollectOn(std::move(pipe_), job_name);
  }
  Result<std::vector<T>> ExecuteAndCollect(const std::string& job_name = "collect") & {
    return CollectOn(TakeNamed(), job_name);
  }

  /// Gives the records new event times and watermarks; those from before are dropped. Best done at the source, where
  /// every split has a watermark of its own. (Flink: assignTimestampsAndWatermarks)
  template <class Strategy>
  auto AssignTimestampsAndWatermarks(Strategy strategy) && {
    return AssignOn(std::move(pipe_), std::move(strategy));
  }
  template <class Strategy>
  auto AssignTimestampsAndWatermarks(Strategy strategy) & {
    return AssignOn(TakeNamed(), std::move(strategy));
  }

  /// The records an operator sent to `tag`.
  template <class S>
  DataStream<S, NodePipe<S>> SideOutput(const OutputTag<S>& tag) & {
    const NodePipe<T> main = TakeNamed();
    return DataStream<S, NodePipe<S>>(
        NodePipe<S>(builder_, main.node(), internal::FindOutput(*builder_, main.node(), tag.name),
                    main.timed()));
  }

  /// Subtasks of the operator that this stream comes from (with the steps fused to it).
  DataStream&& Parallelism(int parallelism) && {
    pipe_.SetParallelism(internal::CheckedParallelism(*builder_, parallelism));
    return std::move(*this);
  }

  GraphBuilder& builder() const { return *builder_; }
  /// Closes the pipe where the stream gets a name; once.
  NodePipe<T> TakeNamed() {
    if constexpr (std::is_same_v<Pipe, NodePipe<T>>) {
      return pipe_;
    } else {
      if (node_ < 0) {
        timed_ = pipe_.timed();
        node_ = pipe_.Close(PortTail<T>(), {});
      }
      return NodePipe<T>(builder_, node_, 0, timed_);
    }
  }
  Pipe TakePipe() && { return std::move(pipe_); }

 private:
  template <class P, class F>
  static auto MapOn(P pipe, std::string name, F fn) {
    constexpr bool ok = std::is_invocable_v<const F&, T&> || std::is_invocable_v<const F&, T&&>;
    static_assert(
        ok,
        "millrace: Map: the function (F) must be callable, as const, with the stream's record (T)");
    if constexpr (ok) {
      using Step = internal::MapStep<T, F>;
      using Next = StepPipe<P, Step>;
      return DataStream<typename Step::Out, Next>(
          Next(std::move(pipe), std::move(name), Step{std::move(fn)}));
    }
  }
  template <class P, class F>
  static auto FilterOn(P pipe, std::string name, F fn) {
    constexpr bool ok = std::is_invocable_r_v<bool, const F&, const T&>;
    static_assert(
        ok, "millrace: Filter: the function (F) must be callable, as const, as bool(const T&)");
    if constexpr (ok) {
      using Next = StepPipe<P, internal::FilterStep<T, F>>;
      return DataStream<T, Next>(Next(std::move(pipe), std::move(name), {std::move(fn)}));
    }
  }
  template <class R, class P, class F>
  static auto FlatMapOn(P pipe, std::string name, F fn) {
    using Out = std::conditional_t<std::is_void_v<R>, typename internal::FlatMapOut<F>::type, R>;
    static_assert(!std::is_void_v<Out>,
                  "millrace: FlatMap: with a generic function say what it emits: FlatMap<R>(fn)");
    if constexpr (!std::is_void_v<Out>) {
      constexpr bool given = !std::is_void_v<R>;  // a generic function is not called on trial
      constexpr bool ok = given || std::is_invocable_v<const F&, T&, Collector<Out>&> ||
                          std::is_invocable_v<const F&, T&&, Collector<Out>&>;
      static_assert(ok,
                    "millrace: FlatMap: the function (F) must be callable, as const, as void(const "
                    "T&, Collector<R>&)");
      if constexpr (ok) {
        using Next = StepPipe<P, internal::FlatMapStep<T, Out, F>>;
        return DataStream<Out, Next>(Next(std::move(pipe), std::move(name), {std::move(fn)}));
      }
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
    static_assert(std::is_same_v<typename Strategy::Record, T>,
                  "millrace: AssignTimestampsAndWatermarks: the strategy's record type is not the "
                  "stream's (T)");
    static_assert(Strategy::Generator::kTimed,
                  "millrace: AssignTimestampsAndWatermarks: the strategy makes no watermarks");
    using Make = internal::MakeTimestamps<T, Strategy>;
    NodeSpec spec;
    spec.name = "timestamps";
    spec.kind = NodeKind::kOperator;
    return internal::ForwardPipe<T, T>(std::move(pipe), std::move(spec), Make(std::move(strategy)),
                                       true);
  }
  template <class P, class Fn>
  static auto ProcessOn(P pipe, std::string name, Fn fn) {
    constexpr bool ok =
        std::is_base_of_v<SideOutputOwner, Fn> && !std::is_base_of_v<StateOwner, Fn>;
    static_assert(ok,
                  "millrace: Process: Fn must derive from millrace::ProcessFunction<T, Out> (with "
                  "state: KeyBy first)");
    if constexpr (ok) {
      static_assert(
          std::is_same_v<typename Fn::In, T>,
          "millrace: Process: the function's record type (Fn::In) is not the stream's (T)");
      using Make = internal::MakeProcess<T, Fn>;
      GraphBuilder& builder = pipe.builder();
      const bool timed = pipe.timed();
      builder.UseName(name, "process function");
      NodeSpec spec;
      spec.name = name;
      spec.named_by_user = true;
      spec.kind = NodeKind::kOperator;
      internal::DescribeFunction(builder, fn, &spec);
      return internal::ForwardPipe<T, typename Fn::Out>(
          std::move(pipe), std::move(spec), Make(std::move(name), std::move(fn)), timed);
    }
  }
  template <class P, class KeyFn>
  static auto KeyByOn(P pipe, KeyFn key) {
    constexpr bool ok = std::is_invocable_v<const KeyFn&, const T&>;
    static_assert(ok,
                  "millrace: KeyBy: the key must be a member of the stream's record (T) or a "
                  "function of const T&");
    if constexpr (ok) {
      using K = internal::KeyOf<KeyFn, T>;
      static_assert(kIsKey<K>, "millrace: KeyBy: this type can't be a key (K)");
      if constexpr (kIsKey<K>) return KeyedStream<T, K, KeyFn, P>(std::move(pipe), std::move(key));
    }
  }
  template <class P, class Router>
  static auto Repartition(P pipe, Router router, Partitioning partitioning) {
    EdgePipe<T> next(&pipe.builder(), pipe.timed());
    auto edge = internal::StartEdge<T>(std::move(pipe), std::move(router), partitioning);
    edge.input.partitioning_chosen = true;
    next.AddEdge(std::move(edge));
    return DataStream<T, EdgePipe<T>>(std::move(next));
  }
  template <class Self, class... Others>
  static auto UnionOn(Self&& self, Others&&... others) {
    EdgePipe<T> next(&self.builder(), false);
    const auto add = [&next](auto&& stream) {
      using S = std::remove_cvref_t<decltype(stream)>;
      static_assert(std::is_same_v<typename S::Record, T>,
                    "millrace: Union: the streams differ in their records");
      if constexpr (std::is_lvalue_reference_v<decltype(stream)>) {
        next.AddTimed(stream.TakeNamed().timed());
        next.AddEdge(internal::StartEdge<T>(stream.TakeNamed(), RoundRobinRouter<T>(),
                                            Partitioning::kForward));
      } else {
        auto pipe = std::move(stream).TakePipe();
        next.AddTimed(pipe.timed());
        next.AddEdge(
            internal::StartEdge<T>(std::move(pipe), RoundRobinRouter<T>(), Partitioning::kForward));
      }
    };
    add(std::forward<Self>(self));
    (add(std::forward<Others>(others)), ...);
    return DataStream<T, EdgePipe<T>>(std::move(next));
  }
  template <class P, class Sink>
  static void SinkOn(P pipe, std::string name, Sink sink) {
    constexpr bool ok = requires(const Sink& s, const WriterContext& c, const T& t) {
      s.CreateWriter(c).Write(t, EventTime::Min());
    };
    static_assert(
        ok, "millrace: SinkTo: the sink's writer (Sink) does not take the stream's records (T)");
    if constexpr (ok) {
      pipe.builder().UseName(name, "sink");
      pipe.Close(SinkTail<T, Sink>(std::move(sink)), {std::move(name)});
    }
  }

  GraphBuilder* builder_;
  Pipe pipe_;
  int node_ = -1;
  bool timed_ = false;
};

}  // namespace millrace
