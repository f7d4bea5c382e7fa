#include "millrace/api/graph_builder.h"

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

}  // namespace millrace
