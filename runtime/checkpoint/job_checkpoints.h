#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "millrace/graph/plan.h"
#include "runtime/checkpoint/checkpoint_coordinator.h"
#include "runtime/checkpoint/restore/checkpoint_restore.h"

namespace millrace {

/// What tasks go on from.
struct RestorePoint {
  std::unique_ptr<CheckpointRestore> restore;  // null: they begin with nothing
  /// It lies in the store's own folder: snapshots go on with its chains.
  bool in_place = false;
};

/// The checkpoints of one attempt to run a job: what it was restored from, its tasks' uploads, who coordinates them. Made by
/// JobRecovery.
class JobCheckpoints {
 public:
  struct Begin {
    CheckpointSettings settings;
    const JobPlan* plan = nullptr;
    CheckpointStore* store = nullptr;
    const Clock* clock = nullptr;
    CheckpointHistory* history = nullptr;
    std::string run;     // a name that no other attempt of any job has
    std::string job_id;  // see job_id()
    RestorePoint point;
    std::string manifest;    // where that lies, as LocateFiles takes it
    std::int64_t first = 1;  // the attempt's first checkpoint
    /// False in a worker whose job's master coordinates the checkpoints.
    bool coordinates = true;
  };
  /// All pointers outlive it.
  explicit JobCheckpoints(Begin begin);

  /// The job's over all runs that restore from each other in one folder: the name of the first of them. Who only begins with
  /// a copy of another job's state must not have its id: sinks remove what earlier runs with their id have left unfinished.
  const std::string& job_id() const { return job_.plan.job_id; }
  const std::string& run() const { return job_.plan.run; }
  /// The manifest that the job goes on from, as LocateFiles takes it; empty: nothing.
  const std::string& manifest() const { return manifest_; }
  bool in_place() const { return points_.at(kWholeJob).from.in_place; }
  /// The first checkpoint of this attempt.
  std::int64_t first() const { return first_; }

  // --- while the job is deployed

  /// Tasks that are made from here on take the place of those of a region that has failed, and go on from `point`. When
  /// nothing is left of the region's tasks, and the coordinator is suspended and has nothing under way.
  void BeginRegion(int region, RestorePoint point);
  /// What the subtask's operator begins with; null: nothing. Lives until its region begins again.
  const OperatorRestore* RestoreOf(const std::string& op, int vertex, int subtask, int parallelism);
  /// Also of a source whose region begins again: its splits go back.
  Status AddSource(const std::string& op, SourceCheckpoints* coordinator);
  /// What the checkpoint has of a source's coordinator; nothing: no checkpoint, or not this source.
  std::optional<std::string> SplitsOf(const std::string& op) const;
  CheckpointMail* AddTask(TaskId task, int parallelism, Waker* waker);
  /// The checkpoint that the ids of the next task go on from.
  std::int64_t restored() const { return restored_; }
  SnapshotUploads* uploads() { return &uploads_; }
  const CheckpointSettings& settings() const { return settings_; }
  const CheckpointHistory& history() const { return *history_; }

  // --- while it runs

  /// When all tasks and sources are known.
  void Start(const Clock* clock);
  CheckpointCoordinator& coordinator() { return *coordinator_; }
  bool coordinated_here() const { return coordinator_.has_value(); }
  /// What the coordinator in another process says to a task; wakes it.
  void Deliver(TaskId task, const CheckpointMail::Numbers& numbers);

 private:
  static constexpr int kWholeJob = -1;
  struct Point {
    RestorePoint from;
    std::deque<std::unique_ptr<OperatorRestore>> operators;
  };
  CheckpointMail* MailOf(TaskId task) const;
  const std::vector<std::string>& OperatorsOf(int vertex) const {
    return job_.plan.vertices[static_cast<std::size_t>(vertex)].operators;
  }

  const CheckpointSettings settings_;
  CheckpointHistory* history_;
  SnapshotUploads uploads_;
  const std::int64_t first_;
  const std::string manifest_;
  const bool coordinates_;
  std::map<int, Point> points_;  // by region, of those that have begun again
  Point* point_ = nullptr;       // of the next task
  std::int64_t restored_;
  std::deque<CheckpointMail> mails_;
  CheckpointCoordinator::Job job_;
  std::map<TaskId, Manifest::Chain> chains_;
  std::optional<CheckpointCoordinator> coordinator_;
};

}  // namespace millrace
