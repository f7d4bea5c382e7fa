#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/memory.h"
#include "millrace/graph/plan.h"
#include "millrace/io/channel/local_channel.h"
#include "runtime/checkpoint/job_checkpoints.h"
#include "runtime/local/batch_budget.h"
#include "runtime/local/placement.h"
#include "runtime/local/regions.h"
#include "runtime/network/exchange.h"
#include "runtime/task/slot.h"
#include "runtime/task/splits/remote_split_reader.h"
#include "runtime/task/splits/source_coordinator.h"

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
  bool separate_regions =
      false;  // a region that fails leaves the others alone. Without other workers
  // Of a job in several worker processes.
  Placement placement;
  std::vector<int>
      peers;  // a socket to each worker, by number; -1 for this one. The deployment owns them
  SplitCourier* courier = nullptr;  // outlives the deployment
};

/// How the plan's channels share the memory; INVALID_ARGUMENT when they don't fit.
Result<BatchBudget> PlanBatchesOf(const JobPlan& plan, const FactoryRegistry& registry,
                                  const DeploymentOptions& options);

/// A job's tasks, wired: a slot holds one subtask of each vertex. Built from the plan alone (and the registry), when
/// PlanBatchesOf has nothing against it. What sources' coordinators can't restore is thrown. Of a job in several worker
/// processes it has those tasks whose place is here, and the sources' coordinators in the first.
class Deployment {
 public:
  Deployment(JobPlan plan, const FactoryRegistry& registry, const DeploymentOptions& options,
             Slot::OnFailure on_failure);
  ~Deployment();
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;

  const JobPlan& plan() const { return plan_; }
  const Regions& regions() const { return regions_; }
  /// There are several, and each fails alone.
  bool separates_regions() const { return options_.separate_regions && regions_.count() > 1; }
  /// Makes the tasks of a region anew, when all slots have stopped it and the coordinator of checkpoints is suspended; the slots
  /// are to open them then. `run` is what the operators hear. Throws as the constructor does: nothing can be opened then.
  void RebuildRegion(int region, const std::string& run, RestorePoint point);
  std::deque<Slot>& slots() { return slots_; }
  const MemoryAccount& memory() const { return memory_; }
  const OperatorCounters& counters(int op, int subtask) const {
    return *counters_[static_cast<std::size_t>(op)][static_cast<std::size_t>(subtask)];
  }
  /// The subtask is in this worker.
  bool Holds(int subtask) const { return options_.placement.Holds(subtask); }
  /// The coordinator of a source, in the worker that has it; else null.
  SourceCoordinator* coordinator(int source) {
    return coordinators_[static_cast<std::size_t>(source)].get();
  }
  /// The reader of a source that is here, its coordinator being elsewhere; else null.
  RemoteSplitReader* remote_reader(int source, int subtask);
  template <class Visit>
  void ForEachRemoteReader(const Visit& visit) {
    for (auto& [id, reader] : remote_readers_) visit(*reader);
  }

 private:
  struct Building;
  void Build(Building* building);
  std::unique_ptr<OperatorCounters> MakeCounters(const PlanOperator& op) const;
  std::unique_ptr<SplitEnumerator> MakeEnumerator(const PlanOperator& source);
  void MakeSplitControl(const PlanOperator& source);
  /// The splits of the subtasks that are in the region go back.
  void RestoreSplits(const PlanOperator& source, int region);
  SourceControl* SplitControlOf(int source, int subtask);
  Slot& slot(int subtask) { return slots_[options_.placement.SlotOf(subtask)]; }
  void MakeTask(const PlanVertex& vertex, int subtask, Building* building);
  void MakeChannels(const PlanEdge& edge, Building* building);
  void MakeLocalChannel(const PlanEdge& edge, int from, int to, Building* building);
  void MakeRemoteEnd(const PlanEdge& edge, int from, int to, Building* building);
  void WireOutputs(const PlanOperator& op, int subtask, Building* building);
  BatchColumns ColumnsOf(const PlanEdge& edge) const;
  InputChannelInfo InputInfoOf(const PlanEdge& edge) const;
  std::size_t IndexOf(const PlanEdge& edge) const {
    return static_cast<std::size_t>(&edge - plan_.edges.data());
  }
  const PlanOperator& op(int id) const { return plan_.operators[static_cast<std::size_t>(id)]; }

  const JobPlan plan_;
  Regions regions_;
  const FactoryRegistry& registry_;
  const DeploymentOptions options_;
  const BatchBudget batches_;
  MemoryAccount memory_;
  std::vector<std::vector<std::unique_ptr<OperatorCounters>>> counters_;
  std::vector<std::unique_ptr<SourceCoordinator>> coordinators_;
  std::map<std::pair<int, int>, std::unique_ptr<RemoteSplitReader>>
      remote_readers_;  // (source, subtask)
  // Tasks (in the slots) hold batches of these channels: the slots go first.
  std::vector<std::vector<std::unique_ptr<LocalChannel>>> channels_;  // by region
  std::unique_ptr<Exchange> exchange_;
  std::deque<Slot> slots_;
  std::map<TaskId, std::size_t> places_;  // of the tasks in their slots
};

/// The consumer subtasks that a producer subtask sends to.
std::vector<int> TargetsOf(Partitioning partitioning, int subtask, int producers, int consumers);

}  // namespace millrace
