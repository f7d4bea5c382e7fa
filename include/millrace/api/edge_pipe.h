#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/api/pipe.h"
#include "millrace/graph/plan.h"

namespace millrace {

/// A stream that begins behind one or several edges: after Rebalance, Broadcast ..., and a Union.
template <class T>
class EdgePipe {
 public:
  using Record = T;
  EdgePipe(GraphBuilder* builder, bool timed) : builder_(builder), timed_(timed) {}

  void AddEdge(internal::EdgeStart<T> edge) {
    if (mark_ == nullptr) {
      mark_ = builder_->MarkBranch(std::string(PartitioningName(edge.input.partitioning)),
                                   edge.input.node);
    }
    edges_.push_back(std::move(edge));
  }
  void AddTimed(bool timed) { timed_ = timed_ || timed; }
  GraphBuilder& builder() const { return *builder_; }
  bool timed() const { return timed_; }
  std::string head_name() const { return ""; }
  std::shared_ptr<StreamMark> Branch(const std::string& step) const {
    if (mark_ != nullptr) mark_->step = step;
    return mark_;
  }
  int SetParallelism(int parallelism) { return std::exchange(parallelism_, parallelism); }
  /// For an operator that comes right behind: it reads the edges itself. With a parallelism of its own the pipe is an
  /// operator, and Close is due.
  bool has_parallelism() const { return parallelism_ != 0; }
  std::vector<internal::EdgeStart<T>> TakeEdges() {
    if (mark_ != nullptr) mark_->consumed = true;
    return std::move(edges_);
  }

  template <class Chain>
  int Close(Chain chain, StepNames steps) {
    if (mark_ != nullptr) mark_->consumed = true;
    NodeSpec spec =
        internal::SpecOfSteps(edges_.size() > 1 ? "Union" : "Forward", std::move(steps),
                              parallelism_, RecordSchema<typename Chain::Tail::Record>());
    for (const auto& edge : edges_) spec.AddInput(edge.input);
    const int id = builder_->Add(
        std::move(spec), std::unique_ptr<OperatorFactory>(
                             new internal::StepsPrototype<T, Chain>(std::move(chain), timed_)));
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      if (edges_[i].port_factory != nullptr) {
        builder_->SetPortFactory(id, i, std::move(edges_[i].port_factory));
      }
    }
    return id;
  }

 private:
  GraphBuilder* builder_;
  bool timed_;
  int parallelism_ = 0;
  std::shared_ptr<StreamMark> mark_;
  std::vector<internal::EdgeStart<T>> edges_;
};

namespace internal {

/// What an operator without a key reads: behind a partitioning or a union its edges, else one forward edge.
template <class T, class P>
std::vector<EdgeStart<T>> EdgesOf(P pipe) {
  if constexpr (std::is_same_v<P, EdgePipe<T>>) {
    if (!pipe.has_parallelism()) return pipe.TakeEdges();
  }
  std::vector<EdgeStart<T>> edges;
  edges.push_back(StartEdge<T>(std::move(pipe), RoundRobinRouter<T>(), Partitioning::kForward));
  return edges;
}

}  // namespace internal
}  // namespace millrace
