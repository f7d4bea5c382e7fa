#pragma once

#include <string>

#include "millrace/api/graph_builder.h"

namespace millrace {

/// Names and types a side output: `millrace::OutputTag<Reading> late{"late"};` (Flink: OutputTag)
template <class T>
struct OutputTag {
  using Record = T;
  std::string name;
};

namespace internal {

/// Index of the node's output with this tag; an unknown tag, or one of other records, is an error of the plan.
int FindOutput(GraphBuilder& builder, int node, const std::string& tag, const std::string& schema);
/// Notes an error for a parallelism outside [1, 4096]; returns one that is usable. `name`: whose; empty: the job's.
int CheckedParallelism(GraphBuilder& builder, int parallelism, const std::string& name = "");
/// Of a chain that was given a parallelism before (0: it was not).
void CheckOneParallelism(GraphBuilder& builder, int before, int now, const std::string& name);
/// Of a stream that was used by its name before, which made it the node.
void NoteMovedAfterUse(GraphBuilder& builder, int node);

}  // namespace internal
}  // namespace millrace
