#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/api/graph_builder.h"
#include "millrace/api/prototypes.h"
#include "millrace/io/schema.h"
#include "millrace/operators/edge/edge_tail.h"
#include "millrace/operators/edge/port_tail.h"

/// Pipes: what a stream is before it is closed. A pipe knows its head and its fused steps by type; Close wraps
/// the steps around a tail and adds one node to the graph.
///   Close(chain, steps) -> node id         steps: names of the fused steps, in order
///   builder(), timed(), head_name() (empty: the head has none yet)
///   SetParallelism(n) -> what it was before, 0: not set
///   Branch(step)   a mark, where the pipe branches off from a named stream; null where its head has a name itself
namespace millrace {

using StepNames = std::vector<std::string>;

template <class T>
std::string RecordSchema() {
  if constexpr (kSerializable<T>) {
    return SchemaText(TypeInfoOf<T>());
  } else {
    return "(not serializable: inside a fused step only)";
  }
}

namespace internal {

StepNames Prepend(std::string name, StepNames steps);
/// An operator that only runs fused steps: named after the first of them.
NodeSpec SpecOfSteps(const char* without_steps, StepNames steps, int parallelism,
                     std::string schema);
NodeSpec SpecOfSource(std::string name, StepNames steps, int parallelism, std::string schema);

/// What edges into an operator leave behind until the node has its id.
class PortFactories {
 public:
  PortFactories();
  ~PortFactories();
  PortFactories(PortFactories&&) noexcept;
  void Add(std::size_t input, std::unique_ptr<PortEdgeFactory> factory);
  void Register(GraphBuilder& builder, int node);

 private:
  std::vector<std::pair<std::size_t, std::unique_ptr<PortEdgeFactory>>> factories_;
};

}  // namespace internal

/// A named stream's output: any number of edges may start here.
template <class T>
class NodePipe {
 public:
  using Record = T;
  static constexpr bool kNamed = true;
  NodePipe(GraphBuilder* builder, int node, int output, bool timed)
      : builder_(builder), node_(node), output_(output), timed_(timed) {}

  GraphBuilder& builder() const { return *builder_; }
  bool timed() const { return timed_; }
  int node() const { return node_; }
  int output() const { return output_; }
  std::string head_name() const { return ""; }
  std::shared_ptr<StreamMark> Branch(const std::string& step) const {
    return builder_->MarkBranch(step, node_);
  }
  int SetParallelism(int parallelism) { return std::exchange(parallelism_, parallelism); }

  /// A new operator that reads the stream's edge.
  template <class Chain>
  int Close(Chain chain, StepNames steps) {
    NodeSpec spec = internal::SpecOfSteps("Forward", std::move(steps), parallelism_,
                                          RecordSchema<typename Chain::Tail::Record>());
    spec.AddInput({node_, output_, Partitioning::kForward});
    const int id = builder_->Add(
        std::move(spec), std::unique_ptr<OperatorFactory>(
                             new internal::StepsPrototype<T, Chain>(std::move(chain), timed_)));
    builder_->SetPortFactory(
        id, 0,
        std::unique_ptr<PortEdgeFactory>(
            new RoutedPortEdgeFactory<T, RoundRobinRouter<T>>(RoundRobinRouter<T>())));
    return id;
  }

 private:
  GraphBuilder* builder_;
  int node_;
  int output_;
  bool timed_;
  int parallelism_ = 0;
};

/// A source that is not closed yet: its reader will call the fused chain.
template <class Source, class Strategy>
class SourcePipe {
 public:
  using Record = typename Source::Record;
  SourcePipe(GraphBuilder* builder, std::string name, Source source, Strategy strategy)
      : builder_(builder),
        name_(std::move(name)),
        source_(std::move(source)),
        strategy_(std::move(strategy)) {}

  GraphBuilder& builder() const { return *builder_; }
  bool timed() const { return Strategy::Generator::kTimed; }
  const std::string& head_name() const { return name_; }
  std::shared_ptr<StreamMark> Branch(const std::string&) const { return nullptr; }
  int SetParallelism(int parallelism) { return std::exchange(parallelism_, parallelism); }

  template <class Chain>
  int Close(Chain chain, StepNames steps) {
    NodeSpec spec = internal::SpecOfSource(name_, std::move(steps), parallelism_,
                                           RecordSchema<typename Chain::Tail::Record>());
    if constexpr (requires { typename Source::SideRecord; }) {
      if (!source_.side_output().empty()) {
        spec.AddOutput(source_.side_output(), RecordSchema<typename Source::SideRecord>());
      }
    }
    return builder_->Add(
        std::move(spec),
        std::unique_ptr<OperatorFactory>(new internal::SourcePrototype<Source, Strategy, Chain>(
            source_, strategy_, std::move(chain))));
  }

 private:
  GraphBuilder* builder_;
  std::string name_;
  Source source_;
  Strategy strategy_;
  int parallelism_ = 0;
};

/// A pipe with one more fused step. `Stage::Wrap(next)` makes the step's stage in front of `next`.
template <class Prev, class Step>
class StepPipe {
 public:
  using Record = typename Step::Out;
  StepPipe(Prev prev, std::string name, Step step)
      : prev_(std::move(prev)),
        name_(std::move(name)),
        step_(std::move(step)),
        mark_(prev_.Branch(name_)) {}

  GraphBuilder& builder() const { return prev_.builder(); }
  bool timed() const { return prev_.timed(); }
  std::string head_name() const { return prev_.head_name(); }
  std::shared_ptr<StreamMark> Branch(const std::string& step) const {
    if (mark_ != nullptr) mark_->step = step;
    return mark_;
  }
  int SetParallelism(int parallelism) { return prev_.SetParallelism(parallelism); }

  template <class Chain>
  int Close(Chain chain, StepNames steps) {
    if (mark_ != nullptr) mark_->consumed = true;
    return prev_.Close(step_.Wrap(std::move(chain)), internal::Prepend(name_, std::move(steps)));
  }

 private:
  Prev prev_;
  std::string name_;
  Step step_;
  std::shared_ptr<StreamMark> mark_;
};

/// A stateful operator that is not closed yet: its results will run through the fused chain. `Make` has
///   template <class Chain> std::unique_ptr<Operator> Create(const Chain&) const
template <class Out, class MakeOp>
class OperatorPipe {
 public:
  using Record = Out;
  OperatorPipe(GraphBuilder* builder, NodeSpec spec, MakeOp make, bool timed)
      : builder_(builder), spec_(std::move(spec)), make_(std::move(make)), timed_(timed) {}

  GraphBuilder& builder() const { return *builder_; }
  bool timed() const { return timed_; }
  int SetParallelism(int parallelism) { return std::exchange(spec_.parallelism, parallelism); }
  const std::string& head_name() const { return spec_.name; }
  std::shared_ptr<StreamMark> Branch(const std::string&) const { return nullptr; }
  /// Left by the edge into this operator; set once the node has its id.
  void AddPortFactory(std::size_t input, std::unique_ptr<PortEdgeFactory> factory) {
    port_factories_.Add(input, std::move(factory));
  }

  template <class Chain>
  int Close(Chain chain, StepNames steps) {
    spec_.steps = std::move(steps);
    spec_.SetMainOutput(RecordSchema<typename Chain::Tail::Record>());
    const int id = builder_->Add(
        std::move(spec_),
        std::unique_ptr<OperatorFactory>(new internal::OperatorPrototype<MakeOp, Chain>(
            std::move(make_), std::move(chain), timed_)));
    port_factories_.Register(*builder_, id);
    return id;
  }

 private:
  GraphBuilder* builder_;
  NodeSpec spec_;
  MakeOp make_;
  bool timed_;
  internal::PortFactories port_factories_;
};

namespace internal {

/// Where an edge starts, and, from a branching output, how it takes rows.
template <class T>
struct EdgeStart {
  InputSpec input;
  std::unique_ptr<PortEdgeFactory> port_factory;
};

/// Closes a pipe with an edge; a named stream is only read.
template <class T, class Pipe, class Router>
EdgeStart<T> StartEdge(Pipe&& pipe, Router router, Partitioning partitioning) {
  if constexpr (std::is_same_v<std::remove_cvref_t<Pipe>, NodePipe<T>>) {
    return {
        {pipe.node(), pipe.output(), partitioning},
        std::unique_ptr<PortEdgeFactory>(new RoutedPortEdgeFactory<T, Router>(std::move(router)))};
  } else {
    const int node = pipe.Close(EdgeTail<T, Router>(std::move(router)), {});
    return {{node, 0, partitioning}, nullptr};
  }
}

}  // namespace internal
}  // namespace millrace
