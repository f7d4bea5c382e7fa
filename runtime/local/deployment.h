#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "millrace/base/memory.h"
#include "millrace/graph/plan.h"
#include "millrace/io/local_channel.h"
#include "runtime/checkpoint/job_checkpoints.h"
#include "runtime/local/batch_budget.h"
#include "runtime/task/slot.h"
#include "runtime/task/source_coordinator.h"

namespace millrace {

/// Where the runtime finds what only this executable has: an operator's factory, and how a branching output's
/// edge takes its rows.
class FactoryRegistry {
 public:
  virtual ~FactoryRegistry() = default;
  virtual const OperatorFactory& factory(int op) const = 0;
  virtual PortEdgeFactory* port_factory(int op, int input) const = 0;
};

struct DeploymentOptions {
  const Clock* clock = nullptr;
  bool serialized = false;
  std::uint32_t batch_rows = kDefaultBatchRows;
  std::int64_t memory = 0;
  bool measure_steps = false;
  std::string run;                        // a name that no other run of any job has
  JobCheckpoints* checkpoints = nullptr;  // null: none are taken
};

/// How the plan's channels share the memory; INVALID_ARGUMENT when they don't fit.
Result<BatchBudget> PlanBatchesOf(const JobPlan& plan, const FactoryRegistry& registry,
                                  const DeploymentOptions& options);

/// A job's tasks, wired: slot i holds subtask i of each vertex. Built from the plan alone (and the registry), when
/// PlanBatchesOf has nothing against it. What sources' coordinators can't restore is thrown.
class Deployment {
 public:
  Deployment(JobPlan plan, const FactoryRegistry& registry, const DeploymentOptions& options,
             Slot::OnFailure on_failure);
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  const JobPlan& plan() const { return plan_; }
  std::deque<Slot>& slots() { return slots_; }
  const MemoryAccount& memory() const { return memory_; }
  const OperatorCounters& counters(int op, int subtask) const {
    return *counters_[static_cast<std::size_t>(op)][static_cast<std::size_t>(subtask)];
  }

 private:
  struct Building;
  std::unique_ptr<SplitEnumerator> MakeEnumerator(const PlanOperator& source);
  void MakeTask(const PlanVertex& vertex, int subtask, Building* building);
  void MakeChannels(const PlanEdge& edge, Building* building);
  void WireOutputs(const PlanOperator& op, int subtask, Building* building);
  BatchColumns ColumnsOf(const PlanEdge& edge) const;
  const PlanOperator& op(int id) const { return plan_.operators[static_cast<std::size_t>(id)]; }

  const JobPlan plan_;
  const FactoryRegistry& registry_;
  const DeploymentOptions options_;
  const BatchBudget batches_;
  MemoryAccount memory_;
  std::vector<std::vector<std::unique_ptr<OperatorCounters>>> counters_;
  std::vector<std::unique_ptr<SourceCoordinator>> coordinators_;
  // Tasks (in the slots) hold batches of these channels: the slots go first.
  std::vector<std::unique_ptr<LocalChannel>> channels_;
  std::deque<Slot> slots_;
};

/// The consumer subtasks that a producer subtask sends to.
std::vector<int> TargetsOf(Partitioning partitioning, int subtask, int producers, int consumers);

}  // namespace millrace
