#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/graph/stream_graph.h"
#include "millrace/operators/operator.h"

namespace millrace {

/// A stream that branches off from a named one, while it is built; not consumed at the end, it is a warning of the plan.
struct StreamMark {
  std::string step;    // its last step so far
  std::string behind;  // the named stream's operator
  bool consumed = false;
};

/// What the fluent API fills: the graph as data, and beside it the factories that only this executable has.
/// Streams hold a pointer to it; it belongs to the StreamEnvironment.
class GraphBuilder {
 public:
  /// Adds a node with its factory; returns its id.
  int Add(NodeSpec spec, std::unique_ptr<OperatorFactory> factory);
  /// How input `input` (index into NodeSpec::inputs) of `node` takes rows from a branching output.
  void SetPortFactory(int node, std::size_t input, std::unique_ptr<PortEdgeFactory> factory);

  NodeSpec& node(int id) { return graph_.node(id); }
  const StreamGraph& graph() const { return graph_; }
  const OperatorFactory& factory(int node) const;
  PortEdgeFactory* port_factory(int node, std::size_t input) const;

  /// Names given by people are unique in a job; a second use is an error of the plan.
  void UseName(const std::string& name, const char* what);
  /// What a sink writes; a second one that writes the same is an error of the plan.
  void UseTarget(const std::string& target, const std::string& sink);
  /// A mistake found while the pipeline is built; reported by Execute with exit code 2.
  void NoteError(std::string message);
  /// The same, of what `name` was given; nothing when `mistake` is empty.
  void NoteMistake(const std::string& name, const std::string& mistake);
  const std::vector<std::string>& errors() const { return errors_; }
  /// A branch begins with `step`, behind the operator of a node.
  std::shared_ptr<StreamMark> MarkBranch(std::string step, int node);
  /// The graph as it is planned: with a note of each stream that nobody consumes.
  StreamGraph PlannedGraph() const;

  /// How a stream that collects its own results runs the job; set by the environment.
  void SetRun(std::function<Status(const std::string& job_name)> run);
  Status Run(const std::string& job_name) const;

 private:
  StreamGraph graph_;
  std::vector<std::unique_ptr<OperatorFactory>> factories_;
  std::map<std::pair<int, std::size_t>, std::unique_ptr<PortEdgeFactory>> port_factories_;
  std::map<std::string, std::string> names_;
  std::map<std::string, std::string> targets_;
  std::vector<std::string> errors_;
  std::vector<std::shared_ptr<StreamMark>> marks_;
  std::function<Status(const std::string&)> run_;
};

namespace internal {

/// Sources, sinks, strategies and aggregators may have `std::string Mistake() const`, which says what is wrong with their
/// settings; empty when nothing is. It is an error of the plan.
template <class X>
void NoteMistakeOf(GraphBuilder& builder, const std::string& name, const X& x) {
  if constexpr (requires { x.Mistake(); }) builder.NoteMistake(name, x.Mistake());
}

}  // namespace internal
}  // namespace millrace
