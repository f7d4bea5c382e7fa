#include "runtime/checkpoint/restore/restore_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include "millrace/base/log.h"

namespace millrace {
namespace {

std::string Text(const StateSpec& state) {
  return "'" + state.name + "' (" + state.kind + " of " + state.schema + ")";
}

const StateSpec* Find(const std::vector<StateSpec>& states, const std::string& name) {
  const auto at =
      std::find_if(states.begin(), states.end(), [&](const auto& s) { return s.name == name; });
  return at == states.end() ? nullptr : &*at;
}

/// What is different, or "".
std::string Difference(const Manifest::Operator& then, const PlanOperator& now) {
  if (then.key != now.key_schema)
    return "its key was " + (then.key.empty() ? "none" : then.key) + " and is " +
           (now.key_schema.empty() ? "none" : now.key_schema);
  for (const StateSpec& state : then.states) {
    const StateSpec* other = Find(now.states, state.name);
    if (other == nullptr) return "it has no state " + Text(state) + " any more";
    if (other->kind != state.kind || other->schema != state.schema)
      return "its state " + Text(state) + " is " + Text(*other) + " now";
  }
  for (const StateSpec& state : now.states) {
    if (Find(then.states, state.name) == nullptr)
      return "its state " + Text(state) + " is not in the checkpoint";
  }
  for (std::size_t i = 0; i < then.states.size(); ++i) {
    if (then.states[i].name != now.states[i].name) return "its states stand in another order";
  }
  return "";
}

const PlanOperator* Find(const JobPlan& plan, const std::string& name) {
  const auto at = std::find_if(plan.operators.begin(), plan.operators.end(),
                               [&](const PlanOperator& op) { return op.name == name; });
  return at == plan.operators.end() ? nullptr : &*at;
}

}  // namespace

Manifest ManifestOf(const JobPlan& plan) {
  Manifest manifest;
  manifest.job = plan.job_name;
  for (const PlanVertex& v : plan.vertices) {
    Manifest::Vertex& vertex = manifest.vertices.emplace_back();
    for (const int id : v.operators)
      vertex.operators.push_back(plan.operators[static_cast<std::size_t>(id)].name);
    vertex.tasks.resize(static_cast<std::size_t>(v.parallelism));
  }
  for (const PlanOperator& op : plan.operators) {
    if (op.stateful) manifest.operators.push_back({op.name, op.key_schema, op.states});
  }
  return manifest;
}

Status CheckRestore(const CheckpointRestore& restore, const JobPlan& plan,
                    bool allow_dropped_state) {
  const Manifest& manifest = restore.manifest();
  const std::string what =
      "restore checkpoint " + std::to_string(manifest.id) + " of '" + restore.folder() + "': ";
  if (manifest.job != plan.job_name) {
    return Status::InvalidArgument(what + "it is of job '" + manifest.job + "', and this is job '" +
                                   plan.job_name + "'");
  }
  std::string changed;
  for (const Manifest::Operator& then : manifest.operators) {
    const PlanOperator* now = Find(plan, then.name);
    if (now == nullptr) continue;  // dropped: below
    const std::string difference = Difference(then, *now);
    if (difference.empty()) continue;
    changed += (changed.empty() ? "operator '" : "; operator '") + then.name + "': " + difference;
  }
  if (!changed.empty()) {
    return Status::InvalidArgument(what + "the program has changed: " + changed +
                                   " (a changed state can't be migrated yet)");
  }
  std::string dropped;
  for (const std::string& op : restore.OperatorsWithState()) {
    if (Find(plan, op) == nullptr) dropped += (dropped.empty() ? "'" : ", '") + op + "'";
  }
  if (dropped.empty()) return Status::Ok();
  if (!allow_dropped_state) {
    return Status::InvalidArgument(
        what + "the job no longer has operators that have state in it: " + dropped +
        " (renamed? --allow-dropped-state drops their state)");
  }
  Log(kWarn, what, "the state of ", dropped, " is dropped, as --allow-dropped-state says");
  return Status::Ok();
}

}  // namespace millrace
