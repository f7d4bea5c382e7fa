#include "millrace/graph/explain.h"

#include <cstdio>

namespace millrace {
namespace {

std::string Hex(std::uint64_t v) {
  char text[24];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(v));
  return text;
}

std::string JsonString(const std::string& s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char text[8];
      std::snprintf(text, sizeof(text), "\\u%04x", c);
      out += text;
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <class Items, class Fn>
std::string JsonArray(const Items& items, Fn fn) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? "," : "") + fn(item);
  return out + "]";
}

std::string Text(const JobPlan& plan) {
  std::string out = "Job '" + plan.job_name + "', plan " + Hex(plan.hash) + "\n";
  for (const PlanVertex& v : plan.vertices) {
    out += "\nVertex " + std::to_string(v.id) + ": " + v.name + "  (parallelism " +
           std::to_string(v.parallelism) + ")\n";
    for (const int id : v.operators) {
      const PlanOperator& op = plan.operators[static_cast<std::size_t>(id)];
      out += std::string("  ") + (op.kind == NodeKind::kSource ? "source " : "operator ") + "'" +
             op.name + "'\n";
      for (const PlanEdge& e : plan.edges) {
        if (e.to != id) continue;
        const PlanOperator& from = plan.operators[static_cast<std::size_t>(e.from)];
        out += "    reads   '" + from.name + "'";
        if (e.output > 0)
          out += " side output '" + from.outputs[static_cast<std::size_t>(e.output)].tag + "'";
        out += " by " + std::string(PartitioningName(e.partitioning)) +
               (e.chained ? ", chained\n" : "\n");
      }
      if (!op.steps.empty()) {
        out += "    fused   ";
        for (std::size_t i = 0; i < op.steps.size(); ++i)
          out += (i > 0 ? " -> " : "") + op.steps[i];
        out += "\n";
      }
      if (!op.key_schema.empty()) out += "    key     " + op.key_schema + "\n";
      for (const StateSpec& s : op.states)
        out += "    state   " + s.name + ": " + s.kind + " of " + s.schema + "\n";
      for (const OutputSpec& o : op.outputs) {
        if (o.schema.empty()) continue;
        out += "    emits   " + (o.tag.empty() ? "" : "'" + o.tag + "': ") + o.schema + "\n";
      }
    }
  }
  for (const std::string& w : plan.warnings) out += "\nwarning: " + w + "\n";
  return out;
}

std::string Json(const JobPlan& plan) {
  std::string out = "{\"job\":" + JsonString(plan.job_name) + ",\"hash\":\"" + Hex(plan.hash) +
                    "\",\"operators\":";
  out += JsonArray(plan.operators, [](const PlanOperator& op) {
    return "{\"id\":" + std::to_string(op.id) + ",\"name\":" + JsonString(op.name) +
           ",\"kind\":" + (op.kind == NodeKind::kSource ? "\"source\"" : "\"operator\"") +
           ",\"parallelism\":" + std::to_string(op.parallelism) +
           ",\"vertex\":" + std::to_string(op.vertex) +
           ",\"stateful\":" + (op.stateful ? "true" : "false") +
           ",\"steps\":" + JsonArray(op.steps, JsonString) +
           ",\"key\":" + JsonString(op.key_schema) + ",\"states\":" +
           JsonArray(op.states,
                     [](const StateSpec& s) {
                       return "{\"name\":" + JsonString(s.name) +
                              ",\"kind\":" + JsonString(s.kind) +
                              ",\"schema\":" + JsonString(s.schema) + "}";
                     }) +
           ",\"outputs\":" +
           JsonArray(op.outputs,
                     [](const OutputSpec& o) {
                       return "{\"tag\":" + JsonString(o.tag) +
                              ",\"schema\":" + JsonString(o.schema) + "}";
                     }) +
           "}";
  });
  out += ",\"edges\":" + JsonArray(plan.edges, [](const PlanEdge& e) {
           return "{\"from\":" + std::to_string(e.from) +
                  ",\"output\":" + std::to_string(e.output) + ",\"to\":" + std::to_string(e.to) +
                  ",\"port\":" + std::to_string(e.port) + ",\"partitioning\":\"" +
                  std::string(PartitioningName(e.partitioning)) +
                  "\",\"chained\":" + (e.chained ? "true" : "false") + "}";
         });
  out += ",\"vertices\":" + JsonArray(plan.vertices, [](const PlanVertex& v) {
           return "{\"id\":" + std::to_string(v.id) + ",\"name\":" + JsonString(v.name) +
                  ",\"parallelism\":" + std::to_string(v.parallelism) + ",\"operators\":" +
                  JsonArray(v.operators, [](int id) { return std::to_string(id); }) + "}";
         });
  return out + ",\"warnings\":" + JsonArray(plan.warnings, JsonString) + "}\n";
}

std::string Dot(const JobPlan& plan) {
  std::string out =
      "digraph " + JsonString(plan.job_name) + " {\n  rankdir=LR;\n  node [shape=box];\n";
  for (const PlanVertex& v : plan.vertices) {
    out += "  subgraph cluster_" + std::to_string(v.id) +
           " {\n    label=" + JsonString("parallelism " + std::to_string(v.parallelism)) + ";\n";
    for (const int id : v.operators) {
      std::string label = plan.operators[static_cast<std::size_t>(id)].name;
      for (const std::string& s : plan.operators[static_cast<std::size_t>(id)].steps)
        label += " | " + s;
      out += "    n" + std::to_string(id) + " [label=" + JsonString(label) + "];\n";
    }
    out += "  }\n";
  }
  for (const PlanEdge& e : plan.edges) {
    out += "  n" + std::to_string(e.from) + " -> n" + std::to_string(e.to) +
           " [label=" + JsonString(std::string(PartitioningName(e.partitioning))) +
           (e.chained ? ",style=bold" : "") + "];\n";
  }
  return out + "}\n";
}

}  // namespace

std::string Explain(const JobPlan& plan, ExplainFormat format) {
  switch (format) {
    case ExplainFormat::kText:
      return Text(plan);
    case ExplainFormat::kJson:
      return Json(plan);
    case ExplainFormat::kDot:
      return Dot(plan);
  }
  return Text(plan);
}

}  // namespace millrace
