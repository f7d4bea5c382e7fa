#include <climits>
#include <set>
#include <utility>

#include "millrace/graph/plan.h"
#include "millrace/v1/job.pb.h"

namespace millrace {
namespace {

constexpr std::uint32_t kFormatVersion = 1;

Status Bad(const std::string& what) {
  return Status::InvalidArgument("read a job graph: " + what);
}

void WriteOperator(const PlanOperator& op, v1::Operator* out) {
  out->set_id(op.id);
  out->set_name(op.name);
  out->set_kind(static_cast<int>(op.kind));
  out->set_stateful(op.stateful);
  out->set_parallelism(op.parallelism);
  out->set_vertex(op.vertex);
  for (const std::string& s : op.steps) out->add_steps(s);
  for (const OutputSpec& o : op.outputs) {
    v1::Output* to = out->add_outputs();
    to->set_tag(o.tag);
    to->set_schema(o.schema);
    to->set_fingerprint(o.fingerprint);
  }
  out->set_key_schema(op.key_schema);
  for (const StateSpec& s : op.states) {
    v1::State* to = out->add_states();
    to->set_name(s.name);
    to->set_kind(s.kind);
    to->set_schema(s.schema);
  }
}

PlanOperator ReadOperator(const v1::Operator& in) {
  PlanOperator op;
  op.id = in.id();
  op.name = in.name();
  op.kind = in.kind() == 0 ? NodeKind::kSource : NodeKind::kOperator;
  op.stateful = in.stateful();
  op.parallelism = in.parallelism();
  op.vertex = in.vertex();
  op.steps.assign(in.steps().begin(), in.steps().end());
  for (const v1::Output& o : in.outputs())
    op.outputs.push_back({o.tag(), o.schema(), o.fingerprint()});
  op.key_schema = in.key_schema();
  for (const v1::State& s : in.states()) op.states.push_back({s.name(), s.kind(), s.schema()});
  return op;
}

// An edge by itself: what it joins, and whether it may be what it says.
Status CheckEdge(const JobPlan& plan, const PlanEdge& e) {
  const int operators = static_cast<int>(plan.operators.size());
  if (e.from < 0 || e.from >= operators || e.to < 0 || e.to >= operators) {
    return Bad("an edge joins operators " + std::to_string(e.from) + " and " +
               std::to_string(e.to) + " of " + std::to_string(operators));
  }
  const PlanOperator& from = plan.operators[static_cast<std::size_t>(e.from)];
  const PlanOperator& to = plan.operators[static_cast<std::size_t>(e.to)];
  const std::string names = "the edge from '" + from.name + "' to '" + to.name + "'";
  if (e.output < 0 || static_cast<std::size_t>(e.output) >= from.outputs.size())
    return Bad("an edge reads output " + std::to_string(e.output) + " of '" + from.name + "'");
  if (e.input < 0 || e.port < 0) return Bad(names + " has a negative input");
  if (to.kind == NodeKind::kSource) return Bad(names + " ends in a source");
  if (e.chained && from.vertex != to.vertex)
    return Bad(names + " is chained, but leaves its vertex");
  if (!e.chained && from.vertex == to.vertex)
    return Bad(names + " stays in a vertex, but is not chained");
  if ((e.chained || e.partitioning == Partitioning::kForward) && from.parallelism != to.parallelism)
    return Bad(names + " needs equal parallelism");
  return Status::Ok();
}

// The edges together: every input is there once, and records come to an end.
Status CheckFlow(const JobPlan& plan) {
  std::vector<int> missing(plan.operators.size(), 0);
  std::vector<std::vector<int>> readers(plan.operators.size());
  std::set<std::pair<int, int>> inputs;  // (operator, input)
  for (const PlanEdge& e : plan.edges) {
    const PlanOperator& to = plan.operators[static_cast<std::size_t>(e.to)];
    if (!inputs.emplace(e.to, e.input).second)
      return Bad("two edges are input " + std::to_string(e.input) + " of '" + to.name + "'");
    ++missing[static_cast<std::size_t>(e.to)];
    readers[static_cast<std::size_t>(e.from)].push_back(e.to);
  }
  for (const PlanEdge& e : plan.edges) {
    if (e.chained && missing[static_cast<std::size_t>(e.to)] != 1) {
      return Bad("operator '" + plan.operators[static_cast<std::size_t>(e.to)].name +
                 "' is chained, but has several inputs");
    }
  }
  std::vector<int> done;
  for (const PlanOperator& op : plan.operators) {
    const bool source = op.kind == NodeKind::kSource;
    if (!source && missing[static_cast<std::size_t>(op.id)] == 0)
      return Bad("operator '" + op.name + "' has no input");
    if (source) done.push_back(op.id);
  }
  for (std::size_t i = 0; i < done.size(); ++i) {
    for (const int reader : readers[static_cast<std::size_t>(done[i])]) {
      if (--missing[static_cast<std::size_t>(reader)] == 0) done.push_back(reader);
    }
  }
  if (done.size() == plan.operators.size()) return Status::Ok();
  std::string names;
  for (const PlanOperator& op : plan.operators) {
    if (missing[static_cast<std::size_t>(op.id)] > 0)
      names += (names.empty() ? "'" : ", '") + op.name + "'";
  }
  return Bad("the streams form a cycle through " + names);
}

// A vertex is a tree of chained operators: its head first, and each behind the one it reads.
Status CheckChains(const JobPlan& plan) {
  std::vector<bool> chained(plan.operators.size(), false);
  for (const PlanEdge& e : plan.edges) {
    if (e.chained) chained[static_cast<std::size_t>(e.to)] = true;
  }
  for (const PlanVertex& v : plan.vertices) {
    for (std::size_t i = 0; i < v.operators.size(); ++i) {
      if (chained[static_cast<std::size_t>(v.operators[i])] != (i > 0))
        return Bad("vertex '" + v.name + "' is no tree of chained operators");
    }
  }
  return Status::Ok();
}

// Everything the runtime indexes with.
Status Check(const JobPlan& plan) {
  const int operators = static_cast<int>(plan.operators.size());
  const int vertices = static_cast<int>(plan.vertices.size());
  for (int i = 0; i < operators; ++i) {
    const PlanOperator& op = plan.operators[static_cast<std::size_t>(i)];
    if (op.id != i)
      return Bad("operator " + std::to_string(i) + " has id " + std::to_string(op.id));
    if (op.vertex < 0 || op.vertex >= vertices)
      return Bad("operator '" + op.name + "' is in no vertex");
    if (op.parallelism < 1 || op.parallelism > kMaxParallelism) {
      return Bad("operator '" + op.name + "' has parallelism " + std::to_string(op.parallelism));
    }
  }
  for (const PlanEdge& e : plan.edges) MILLRACE_RETURN_IF_ERROR(CheckEdge(plan, e));
  std::vector<int> seen(plan.operators.size(), 0);
  for (int i = 0; i < vertices; ++i) {
    const PlanVertex& v = plan.vertices[static_cast<std::size_t>(i)];
    if (v.id != i || v.operators.empty())
      return Bad("vertex " + std::to_string(i) + " is empty or misnumbered");
    if (v.parallelism < 1 || v.parallelism > kMaxParallelism) {
      return Bad("vertex '" + v.name + "' has parallelism " + std::to_string(v.parallelism));
    }
    for (const int id : v.operators) {
      if (id < 0 || id >= operators || seen[static_cast<std::size_t>(id)]++ != 0 ||
          plan.operators[static_cast<std::size_t>(id)].vertex != i) {
        return Bad("vertex '" + v.name + "' lists a wrong operator");
      }
      if (plan.operators[static_cast<std::size_t>(id)].parallelism != v.parallelism)
        return Bad("vertex '" + v.name + "' has operators of other parallelism");
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] != 1)
      return Bad("operator '" + plan.operators[i].name + "' is listed by no vertex");
  }
  MILLRACE_RETURN_IF_ERROR(CheckFlow(plan));
  return CheckChains(plan);
}

}  // namespace

std::string SerializePlan(const JobPlan& plan) {
  v1::JobGraph out;
  out.set_format_version(kFormatVersion);
  out.set_job_name(plan.job_name);
  out.set_hash(plan.hash);
  for (const PlanOperator& op : plan.operators) WriteOperator(op, out.add_operators());
  for (const PlanEdge& e : plan.edges) {
    v1::Edge* to = out.add_edges();
    to->set_from(e.from);
    to->set_output(e.output);
    to->set_to(e.to);
    to->set_input(e.input);
    to->set_port(e.port);
    to->set_partitioning(static_cast<int>(e.partitioning));
    to->set_chained(e.chained);
  }
  for (const PlanVertex& v : plan.vertices) {
    v1::Vertex* to = out.add_vertices();
    to->set_id(v.id);
    to->set_name(v.name);
    to->set_parallelism(v.parallelism);
    for (const int id : v.operators) to->add_operators(id);
  }
  for (const std::string& w : plan.warnings) out.add_warnings(w);
  return out.SerializeAsString();
}

Result<JobPlan> ParsePlan(std::string_view bytes) {
  v1::JobGraph in;
  if (bytes.size() > INT_MAX || !in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Bad("the bytes are not a JobGraph message");
  }
  if (in.format_version() != kFormatVersion) {
    return Bad("format version " + std::to_string(in.format_version()) + ", this build reads " +
               std::to_string(kFormatVersion));
  }
  JobPlan plan;
  plan.job_name = in.job_name();
  plan.hash = in.hash();
  for (const v1::Operator& op : in.operators()) plan.operators.push_back(ReadOperator(op));
  for (const v1::Edge& e : in.edges()) {
    if (e.partitioning() < 0 || e.partitioning() > static_cast<int>(Partitioning::kCustom)) {
      return Bad("partitioning " + std::to_string(e.partitioning()));
    }
    plan.edges.push_back({e.from(), e.output(), e.to(), e.input(), e.port(),
                          static_cast<Partitioning>(e.partitioning()), e.chained()});
  }
  for (const v1::Vertex& v : in.vertices()) {
    plan.vertices.push_back(
        {v.id(), v.name(), v.parallelism(), {v.operators().begin(), v.operators().end()}});
  }
  plan.warnings.assign(in.warnings().begin(), in.warnings().end());
  MILLRACE_RETURN_IF_ERROR(Check(plan));
  return plan;
}

}  // namespace millrace
