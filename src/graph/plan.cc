#include "millrace/graph/plan.h"

#include <algorithm>
#include <map>

#include "millrace/base/hash.h"
#include "millrace/io/utf8.h"

namespace millrace {
namespace {

std::string Quoted(const std::string& s) {
  return "'" + s + "'";
}

Status CheckInputs(const StreamGraph& graph) {
  for (int id = 0; id < graph.size(); ++id) {
    const NodeSpec& node = graph.node(id);
    for (const InputSpec& in : node.inputs) {
      if (in.node < 0 || in.node >= graph.size()) {
        return Status::InvalidArgument("plan the job: operator " + Quoted(node.name) +
                                       " reads an operator that does not exist");
      }
      const NodeSpec& from = graph.node(in.node);
      if (in.output < 0 || static_cast<std::size_t>(in.output) >= from.outputs.size()) {
        return Status::InvalidArgument("plan the job: operator " + Quoted(node.name) +
                                       " reads an output of " + Quoted(from.name) +
                                       " that does not exist");
      }
    }
  }
  return Status::Ok();
}

// Nodes in an order in which inputs come first; an error names a cycle.
Result<std::vector<int>> TopologicalOrder(const StreamGraph& graph) {
  std::vector<int> missing(static_cast<std::size_t>(graph.size()));
  std::vector<std::vector<int>> readers(static_cast<std::size_t>(graph.size()));
  for (int id = 0; id < graph.size(); ++id) {
    missing[static_cast<std::size_t>(id)] = static_cast<int>(graph.node(id).inputs.size());
    for (const InputSpec& in : graph.node(id).inputs)
      readers[static_cast<std::size_t>(in.node)].push_back(id);
  }
  std::vector<int> order;
  for (int id = 0; id < graph.size(); ++id) {
    if (missing[static_cast<std::size_t>(id)] == 0) order.push_back(id);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (int reader : readers[static_cast<std::size_t>(order[i])]) {
      if (--missing[static_cast<std::size_t>(reader)] == 0) order.push_back(reader);
    }
  }
  if (order.size() == static_cast<std::size_t>(graph.size())) return order;
  std::string names;
  for (int id = 0; id < graph.size(); ++id) {
    if (missing[static_cast<std::size_t>(id)] > 0) {
      names += (names.empty() ? "" : ", ") + Quoted(graph.node(id).name);
    }
  }
  return Status::InvalidArgument("plan the job: the streams form a cycle through " + names);
}

Status CheckNames(const StreamGraph& graph, const PlanOptions& options) {
  const auto check = [](const std::string& name, const char* what) {
    if (ValidUtf8(name)) return Status::Ok();
    std::string shown;
    for (const char c : name)
      shown +=
          static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f ? c : '?';
    return Status::InvalidArgument("plan the job: the name of " + std::string(what) + ", '" +
                                   shown + "', is not UTF-8");
  };
  MILLRACE_RETURN_IF_ERROR(check(options.job_name, "the job"));
  for (int id = 0; id < graph.size(); ++id) {
    const NodeSpec& node = graph.node(id);
    MILLRACE_RETURN_IF_ERROR(check(node.name, "an operator"));
    for (const std::string& s : node.steps) MILLRACE_RETURN_IF_ERROR(check(s, "a step"));
    for (const OutputSpec& o : node.outputs)
      MILLRACE_RETURN_IF_ERROR(check(o.tag, "a side output"));
    for (const StateSpec& s : node.states) MILLRACE_RETURN_IF_ERROR(check(s.name, "a state"));
  }
  return Status::Ok();
}

Status ResolveOperators(const StreamGraph& graph, const PlanOptions& options, JobPlan* plan) {
  std::map<std::string, int> users;
  std::map<std::string, int> counts;
  for (int id = 0; id < graph.size(); ++id) {
    const NodeSpec& node = graph.node(id);
    if (node.named_by_user && !users.emplace(node.name, id).second) {
      return Status::InvalidArgument(
          "plan the job: two operators are named " + Quoted(node.name) +
          ": names are how state is found again, so they are unique in a job");
    }
  }
  for (int id = 0; id < graph.size(); ++id) {
    const NodeSpec& node = graph.node(id);
    PlanOperator op;
    op.id = id;
    op.name = node.name;
    if (!node.named_by_user) {
      const int n = ++counts[node.name];
      if (n > 1 || users.contains(node.name))
        op.name += "-" + std::to_string(n + (users.contains(node.name) ? 1 : 0));
    }
    op.kind = node.kind;
    op.stateful = node.stateful;
    op.parallelism = node.parallelism == 0 ? options.default_parallelism : node.parallelism;
    if (op.parallelism < 1 || op.parallelism > kMaxParallelism) {
      return Status::InvalidArgument("plan the job: operator " + Quoted(op.name) +
                                     " has parallelism " + std::to_string(op.parallelism) +
                                     " (allowed: 1 to " + std::to_string(kMaxParallelism) + ")");
    }
    op.steps = node.steps;
    op.outputs = node.outputs;
    for (OutputSpec& out : op.outputs)
      out.fingerprint = HashBytes(out.schema.data(), out.schema.size());
    op.key_schema = node.key_schema;
    op.states = node.states;
    plan->operators.push_back(std::move(op));
  }
  return Status::Ok();
}

Status ResolveEdges(const StreamGraph& graph, JobPlan* plan) {
  for (int id = 0; id < graph.size(); ++id) {
    const NodeSpec& node = graph.node(id);
    const int to = plan->operators[static_cast<std::size_t>(id)].parallelism;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const InputSpec& in = node.inputs[i];
      const int from = plan->operators[static_cast<std::size_t>(in.node)].parallelism;
      PlanEdge edge;
      edge.from = in.node;
      edge.output = in.output;
      edge.to = id;
      edge.input = static_cast<int>(i);
      edge.port = in.port;
      edge.partitioning = in.partitioning;
      if (in.partitioning == Partitioning::kForward && from != to) {
        if (in.partitioning_chosen) {
          return Status::InvalidArgument(
              "plan the job: Forward from " +
              Quoted(plan->operators[static_cast<std::size_t>(in.node)].name) + " (parallelism " +
              std::to_string(from) + ") to " +
              Quoted(plan->operators[static_cast<std::size_t>(id)].name) + " (parallelism " +
              std::to_string(to) + ") needs equal parallelism: use Rebalance");
        }
        edge.partitioning = Partitioning::kRebalance;
      }
      edge.chained = IsChained(graph, id, from, to);
      plan->edges.push_back(edge);
    }
  }
  return Status::Ok();
}

void FormVertices(const StreamGraph& graph, const std::vector<int>& order, JobPlan* plan) {
  for (const int id : order) {
    PlanOperator& op = plan->operators[static_cast<std::size_t>(id)];
    int vertex = -1;
    for (const PlanEdge& edge : plan->edges) {
      if (edge.to == id && edge.chained)
        vertex = plan->operators[static_cast<std::size_t>(edge.from)].vertex;
    }
    if (vertex < 0) {
      vertex = static_cast<int>(plan->vertices.size());
      plan->vertices.push_back({vertex, "", op.parallelism, {}});
    }
    op.vertex = vertex;
    PlanVertex& v = plan->vertices[static_cast<std::size_t>(vertex)];
    v.operators.push_back(id);
    v.name += (v.name.empty() ? "" : " -> ") + op.name;
    for (const std::string& step : op.steps) {
      if (step != op.name || graph.node(id).named_by_user) v.name += " -> " + step;
    }
  }
}

// Over the graph as written, so that parallelism and chaining don't change it.
std::uint64_t HashOf(const StreamGraph& graph, const std::string& build_id) {
  std::string text = build_id;
  const auto add = [&text](const std::string& s) {
    text += s;
    text += '\0';
  };
  for (int id = 0; id < graph.size(); ++id) {
    const NodeSpec& node = graph.node(id);
    add(node.name);
    add(node.kind == NodeKind::kSource ? "source" : "operator");
    for (const std::string& s : node.steps) add(s);
    for (const InputSpec& in : node.inputs) {
      add(std::to_string(in.node) + ":" + std::to_string(in.output) + ":" +
          std::to_string(in.port) + ":" + std::to_string(static_cast<int>(in.partitioning)));
    }
    for (const OutputSpec& out : node.outputs) add(out.tag + "=" + out.schema);
    add(node.key_schema);
    for (const StateSpec& s : node.states) add(s.name + ":" + s.kind + ":" + s.schema);
    text += '\1';
  }
  return HashBytes(text.data(), text.size());
}

}  // namespace

std::string_view PartitioningName(Partitioning partitioning) {
  static constexpr std::string_view kNames[] = {"forward",   "hash",   "rebalance", "rescale",
                                                "broadcast", "global", "custom"};
  return kNames[static_cast<std::size_t>(partitioning)];
}

bool IsChained(const StreamGraph& graph, int consumer, int producer_parallelism,
               int consumer_parallelism) {
  const NodeSpec& node = graph.node(consumer);
  if (node.inputs.size() != 1 || producer_parallelism != consumer_parallelism) return false;
  return node.inputs[0].partitioning == Partitioning::kForward || consumer_parallelism == 1;
}

Result<JobPlan> BuildPlan(const StreamGraph& graph, const PlanOptions& options) {
  JobPlan plan;
  plan.job_name = options.job_name;
  if (graph.size() == 0) {
    std::string what = "plan the job: nothing is to be done: no stream ends in a sink";
    for (const std::string& stream : graph.unconsumed())
      what += "; nobody consumes the stream of " + stream;
    return Status::InvalidArgument(what);
  }
  MILLRACE_RETURN_IF_ERROR(CheckNames(graph, options));
  MILLRACE_RETURN_IF_ERROR(CheckInputs(graph));
  Result<std::vector<int>> order = TopologicalOrder(graph);
  if (!order.ok()) return order.status();
  MILLRACE_RETURN_IF_ERROR(ResolveOperators(graph, options, &plan));
  MILLRACE_RETURN_IF_ERROR(ResolveEdges(graph, &plan));
  FormVertices(graph, order.value(), &plan);
  plan.hash = HashOf(graph, options.build_id);
  for (const std::string& what : graph.unconsumed()) {
    plan.warnings.push_back("nobody consumes the stream of " + what);
  }
  return plan;
}

}  // namespace millrace
