#include "millrace/graph/stream_graph.h"

namespace millrace {

NodeSpec::NodeSpec() = default;
NodeSpec::~NodeSpec() = default;
NodeSpec::NodeSpec(const NodeSpec&) = default;
NodeSpec::NodeSpec(NodeSpec&&) noexcept = default;
NodeSpec& NodeSpec::operator=(const NodeSpec&) = default;
NodeSpec& NodeSpec::operator=(NodeSpec&&) noexcept = default;

void NodeSpec::AddInput(InputSpec input) {
  inputs.push_back(input);
}
void NodeSpec::AddOutput(std::string tag, std::string schema) {
  outputs.push_back({std::move(tag), std::move(schema), 0});
}
void NodeSpec::SetMainOutput(std::string schema) {
  outputs.insert(outputs.begin(), {"", std::move(schema), 0});
}
void NodeSpec::AddState(std::string state, std::string kind, std::string schema) {
  states.push_back({std::move(state), std::move(kind), std::move(schema)});
}

int StreamGraph::Add(NodeSpec spec) {
  nodes_.push_back(std::move(spec));
  return size() - 1;
}

void StreamGraph::NoteUnconsumed(std::string what) {
  unconsumed_.push_back(std::move(what));
}

}  // namespace millrace
