#include "millrace/api/pipe.h"

namespace millrace::internal {

StepNames Prepend(std::string name, StepNames steps) {
  steps.insert(steps.begin(), std::move(name));
  return steps;
}

NodeSpec SpecOfSteps(const char* without_steps, StepNames steps, int parallelism,
                     std::string schema) {
  NodeSpec spec;
  spec.name = steps.empty() ? without_steps : steps.front();
  spec.kind = NodeKind::kOperator;
  spec.parallelism = parallelism;
  spec.steps = std::move(steps);
  spec.SetMainOutput(std::move(schema));
  return spec;
}

NodeSpec SpecOfSource(std::string name, StepNames steps, int parallelism, std::string schema) {
  NodeSpec spec = SpecOfSteps("", std::move(steps), parallelism, std::move(schema));
  spec.name = std::move(name);
  spec.named_by_user = true;
  spec.kind = NodeKind::kSource;
  return spec;
}

PortFactories::PortFactories() = default;
PortFactories::~PortFactories() = default;
PortFactories::PortFactories(PortFactories&&) noexcept = default;

void PortFactories::Add(std::size_t input, std::unique_ptr<PortEdgeFactory> factory) {
  if (factory != nullptr) factories_.emplace_back(input, std::move(factory));
}

void PortFactories::Register(GraphBuilder& builder, int node) {
  for (auto& [input, factory] : factories_) {
    builder.SetPortFactory(node, input, std::move(factory));
  }
}

}  // namespace millrace::internal
