#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/graph/stream_graph.h"

namespace millrace {

/// One operator of a job, with everything resolved.
struct PlanOperator {
  int id = 0;
  std::string name;
  NodeKind kind = NodeKind::kOperator;
  bool stateful = false;
  int parallelism = 1;
  int vertex = 0;
  std::vector<std::string> steps;
  std::vector<OutputSpec> outputs;
  std::string key_schema;
  std::vector<StateSpec> states;
};
struct PlanEdge {
  int from = 0;
  int output = 0;
  int to = 0;
  int input = 0;  // index into the consumer's NodeSpec::inputs
  int port = 0;
  Partitioning partitioning = Partitioning::kForward;
  bool chained = false;  // inside one task: a call, no channel
};
/// A tree of chained operators, the unit of deployment: head first, then in topological order.
struct PlanVertex {
  int id = 0;
  std::string name;
  int parallelism = 1;
  std::vector<int> operators;
};
/// A job as data: what is submitted, explained and executed.
struct JobPlan {
  std::string job_name;
  std::uint64_t hash = 0;  // of names, types, schemas and edges; not of parallelism or options
  std::vector<PlanOperator> operators;
  std::vector<PlanEdge> edges;
  std::vector<PlanVertex> vertices;
  std::vector<std::string> warnings;
};

struct PlanOptions {
  std::string job_name;
  int default_parallelism = 1;
  std::string build_id;
};

/// Checks the graph and resolves names, parallelism and chains. INVALID_ARGUMENT says which operator is wrong.
Result<JobPlan> BuildPlan(const StreamGraph& graph, const PlanOptions& options);

/// True when the consumer runs in the producer's task: its only input edge, equal parallelism, and rows that stay
/// where they are (forward, or any partitioning at parallelism 1).
bool IsChained(const StreamGraph& graph, int consumer, int producer_parallelism,
               int consumer_parallelism);

/// Protobuf, docs/formats/job_graph.md. ParsePlan takes hostile bytes.
std::string SerializePlan(const JobPlan& plan);
Result<JobPlan> ParsePlan(std::string_view bytes);

std::string_view PartitioningName(Partitioning partitioning);

}  // namespace millrace
