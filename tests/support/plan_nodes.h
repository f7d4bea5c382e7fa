#pragma once

#include <string>
#include <utility>
#include <vector>

#include "millrace/graph/plan.h"

namespace millrace::test_support {

/// A node of a stream graph: a source without inputs, else an operator. Parallelism 0: the plan's.
inline NodeSpec Node(std::string name, std::vector<InputSpec> inputs, int parallelism = 0) {
  NodeSpec node;
  node.name = std::move(name);
  node.named_by_user = true;
  node.kind = inputs.empty() ? NodeKind::kSource : NodeKind::kOperator;
  node.parallelism = parallelism;
  node.inputs = std::move(inputs);
  node.outputs.push_back({"", "int64", 0});
  return node;
}

}  // namespace millrace::test_support
