#include "millrace/api/graph_builder.h"

#include <set>

namespace millrace {

int GraphBuilder::Add(NodeSpec spec, std::unique_ptr<OperatorFactory> factory) {
  factories_.push_back(std::move(factory));
  return graph_.Add(std::move(spec));
}

void GraphBuilder::SetPortFactory(int node, std::size_t input,
                                  std::unique_ptr<PortEdgeFactory> factory) {
  port_factories_[{node, input}] = std::move(factory);
}

const OperatorFactory& GraphBuilder::factory(int node) const {
  return *factories_[static_cast<std::size_t>(node)];
}

void GraphBuilder::NoteError(std::string message) {
  errors_.push_back(std::move(message));
}

void GraphBuilder::SetRun(std::function<Status(const std::string&)> run) {
  run_ = std::move(run);
}

Status GraphBuilder::Run(const std::string& job_name) const {
  return run_(job_name);
}

PortEdgeFactory* GraphBuilder::port_factory(int node, std::size_t input) const {
  const auto it = port_factories_.find({node, input});
  return it == port_factories_.end() ? nullptr : it->second.get();
}

void GraphBuilder::UseName(const std::string& name, const char* what) {
  if (name.empty()) {
    NoteError(std::string("a ") + what + " needs a name that is not empty");
    return;
  }
  const auto [it, fresh] = names_.emplace(name, what);
  if (!fresh) {
    NoteError("two operators are named '" + name + "' (a " + it->second + " and a " + what +
              "): names are how state is found again, so they are unique in a job");
  }
}

void GraphBuilder::UseTarget(const std::string& target, const std::string& sink) {
  const auto [it, fresh] = targets_.emplace(target, sink);
  if (fresh) return;
  NoteError("sinks '" + it->second + "' and '" + sink + "' both write " + target +
            ": give each a folder of its own, or unite their streams");
}

void GraphBuilder::NoteMistake(const std::string& name, const std::string& mistake) {
  if (!mistake.empty()) NoteError("'" + name + "': " + mistake);
}

std::shared_ptr<StreamMark> GraphBuilder::MarkBranch(std::string step, int node) {
  marks_.push_back(
      std::make_shared<StreamMark>(StreamMark{std::move(step), graph_.node(node).name}));
  return marks_.back();
}

StreamGraph GraphBuilder::PlannedGraph() const {
  StreamGraph graph = graph_;
  std::set<std::string> closed;
  std::set<std::pair<int, int>> read;  // (node, output)
  for (int id = 0; id < graph_.size(); ++id) {
    closed.insert(graph_.node(id).name);
    for (const InputSpec& in : graph_.node(id).inputs) read.emplace(in.node, in.output);
  }
  // What was never closed by a consumer is no node at all; what was closed by being read may be read on the side only.
  for (const auto& [name, what] : names_) {
    if (what != "sink" && !closed.contains(name))
      graph.NoteUnconsumed(what + " '" + name + "': it is not part of the job");
  }
  for (const auto& mark : marks_) {
    if (mark->consumed) continue;
    graph.NoteUnconsumed("step '" + mark->step + "' behind '" + mark->behind +
                         "': it is not part of the job");
  }
  for (int id = 0; id < graph_.size(); ++id) {
    if (factory(id).OutputType(0) != nullptr && !read.contains({id, 0})) {
      graph.NoteUnconsumed("operator '" + graph_.node(id).name +
                           "': it runs, and the records that it emits are dropped");
    }
  }
  return graph;
}

}  // namespace millrace
