#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/base/arena.h"
#include "millrace/base/running_step.h"
#include "millrace/io/channel.h"
#include "millrace/operators/operator.h"
#include "millrace/state/state_meter.h"
#include "millrace/state/text_pool.h"
#include "runtime/checkpoint/checkpoint_mail.h"
#include "runtime/task/barrier_aligner.h"
#include "runtime/task/direct_port.h"
#include "runtime/task/discard_channel.h"
#include "runtime/task/operator_input.h"
#include "runtime/task/task_inputs.h"
#include "runtime/task/task_snapshots.h"
#include "runtime/task/task_times.h"
#include "runtime/task/watermark_merger.h"

namespace millrace {

/// One subtask of one vertex: a tree of chained operators with one head, stepped by a slot's thread.
///
/// A step drains what waits between its operators, then pulls input while the outputs have room and the budget
/// lasts. It never blocks. User code runs only inside steps, on one thread.
class Task {
 public:
  Task(std::string name, int subtask, const Clock* clock);
  ~Task();
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// Takes part in checkpoints, from one behind `restored` on. Before Open; all outlive it.
  void ExpectCheckpoints(TaskId id, std::int64_t restored, CheckpointMail* mail,
                         SnapshotTarget* target);
  /// Barriers overtake the records before them once the first one has waited for so long.
  void OvertakeAfter(std::int64_t nanos) { overtake_after_ = nanos; }
  /// An input is read on behind its barrier while others wait for theirs.
  void SetAtLeastOnce() { at_least_once_ = true; }
  /// Built by the deployment, head first.
  void AddOperator(std::unique_ptr<Operator> op, std::unique_ptr<OperatorContext> context,
                   bool stateful);
  /// The edge between chained operators; owned here, stepped leaves first.
  DirectPort* AddDirectPort(std::unique_ptr<DirectPort> port);
  void AddInput(InputChannel* channel, int port, const InputChannelInfo& info) {
    inputs_.Add(channel, port, info);
  }
  void AddEdge(std::unique_ptr<OutputEdge> edge) { edges_.push_back(std::move(edge)); }
  DiscardChannel* AddDiscard(std::unique_ptr<DiscardChannel> channel) {
    discards_.push_back(std::move(channel));
    return discards_.back().get();
  }

  Arena& arena() { return arena_; }
  const std::string& name() const { return name_; }
  int subtask() const { return subtask_; }
  TaskTimes& times() { return times_; }
  /// Null: it takes no checkpoints.
  TaskSnapshots* snapshots() { return snapshots_.get(); }
  /// Whose code runs, or has thrown.
  RunningStep& running() { return running_; }
  const RunningStep& running() const { return running_; }

  void Open();
  StepResult RunStep(StepBudget& budget);
  /// Sends every open builder; before parking.
  void FlushAll();
  /// What an operator keeps; when its thread is not at work.
  struct StateUse {
    std::uint64_t rows = 0, bytes = 0, timers = 0;
  };
  std::size_t operators() const { return operators_.size(); }
  const std::string& operator_name(std::size_t i) const { return contexts_[i]->name; }
  StateUse state_use(std::size_t i) const;
  /// Clock reading in nanoseconds at which an idle task has to be stepped again.
  std::int64_t next_wake() const { return next_wake_; }
  /// Commits what the sinks wrote, when all tasks of the job have come to their end. For jobs without checkpoints.
  void Commit();
  /// Closes every operator, whatever one of them throws: that is thrown at the end. Called again it does nothing.
  void Close();

  bool is_source() const { return inputs_.empty(); }

 private:
  /// Notes that the code of an operator runs from here on.
  void Mark(std::size_t op) {
    running_.op.store(contexts_[op]->name.c_str(), std::memory_order_relaxed);
  }
  bool DrainPorts();
  /// How far timers of the processing time that is due have got; kBlocked: an output has no room.
  enum class Firing { kDone, kUnfinished, kBlocked };
  std::int64_t NextProcessingTime() const;
  Firing FireProcessingTime(StepBudget& budget);
  StepResult RunTask(StepBudget& budget);
  StepResult RunSource(StepBudget& budget);
  StepResult RunInputs(StepBudget& budget);
  StepResult RunEnded();
  /// Looks at what the checkpoint coordinator says.
  void ReadMail();
  void RestoreInFlight();
  /// The next checkpoint that was triggered and not seen yet; 0: none.
  std::int64_t NextTriggered();
  /// Takes the next element of some channel; false when there is none.
  bool PullElement();
  void OnElement(std::size_t channel, const Element& element);
  /// Takes the snapshot whose barrier waits in some channel, unless it is too early or something stands in its way. What it
  /// overtakes is recorded, in this step and those that follow.
  void Overtake();
  bool MayOvertake(std::int64_t checkpoint) const;
  /// The barriers of all inputs are there.
  void OnAligned(std::int64_t checkpoint);
  /// Input after idleness was said.
  void SayActive();
  void Flush(FlushMode mode);
  StepResult Finish();
  void CommitThrough(std::int64_t checkpoint);

  std::string name_;
  int subtask_;
  const Clock* clock_;
  RestoredBatches restored_;  // outlives what consumes them
  TextPool texts_;            // outlives the operators, whose state has its blocks
  Arena arena_;               // outlives operators and edges, whose batches pin it
  std::vector<std::unique_ptr<OperatorContext>> contexts_;
  std::vector<std::unique_ptr<StateMeter>> meters_;  // by operator; null: no keyed state
  std::vector<std::unique_ptr<Operator>> operators_;
  std::vector<std::unique_ptr<DirectPort>> ports_;
  std::vector<std::unique_ptr<DiscardChannel>> discards_;
  std::vector<std::unique_ptr<OutputEdge>> edges_;
  TaskInputs inputs_;
  std::unique_ptr<WatermarkMerger> merger_;
  std::unique_ptr<BarrierAligner> aligner_;
  // Of a job with checkpoints.
  TaskId id_;
  CheckpointMail* mail_ = nullptr;
  SnapshotTarget* snapshot_target_ = nullptr;
  std::unique_ptr<TaskSnapshots> snapshots_;
  std::int64_t seen_ = 0;      // the newest checkpoint that this task took part in, or passed over
  std::int64_t complete_ = 0;  // the newest that was committed
  std::int64_t aborted_ = 0;
  std::int64_t lost_ = 0;
  static constexpr std::int64_t kNever = -1;
  std::int64_t overtake_after_ = kNever;  // nanoseconds
  bool at_least_once_ = false;
  std::int64_t announced_ = 0;     // the newest checkpoint whose barrier was seen to wait
  std::int64_t announced_at_ = 0;  // clock reading
  std::unique_ptr<OperatorInput> head_;
  std::vector<const OperatorInput*> input_of_;  // by operator
  std::size_t opened_ = 0;                      // operators, head first
  std::int64_t next_wake_ = INT64_MAX;
  /// What becomes of it behind the end of its input.
  enum class Life {
    kRunning,
    kInCheckpoints,  // answers checkpoints until the last one is complete
    kUncommitted,  // without checkpoints: what its sinks wrote is committed when the whole job has come to its end
    kFinished,
  };
  Life life_ = Life::kRunning;
  bool source_ended_ = false;
  bool idle_said_ = false;
  bool active_due_ = false;  // to be said, after idleness
  bool closed_ = false;
  bool fired_ = false;  // timers, in this step
  Firing firing_ = Firing::kDone;
  TaskTimes times_;
  RunningStep running_;
};

}  // namespace millrace
