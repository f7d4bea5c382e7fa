#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/checkpoint_coordinator.h"
#include "runtime/checkpoint/checkpoint_restore.h"

namespace millrace {

struct JobCheckpointOptions {
  CheckpointPolicy policy;
  std::string folder;
  std::string run;     // a name that no other run of any job has
  std::string job_id;  // of a job that does not go on from a checkpoint; empty: `run`
  FileSystem* files = nullptr;
  /// Go on from the newest complete checkpoint in the folder, if there is one.
  bool resume = false;
  /// In a worker whose job's master coordinates the checkpoints: what it goes on from is given.
  struct Given {
    std::string manifest;  // path; empty: nothing
    std::int64_t first = 1;
  };
  std::optional<Given> given;
  /// Unaligned checkpoints: barriers overtake the records before them once they have waited for so long, in nanoseconds.
  /// nullopt: never.
  std::optional<std::int64_t> overtake_after;
};

/// The checkpoints of one run of a job: where they lie, what it was restored from, who coordinates them.
class JobCheckpoints {
 public:
  static Result<std::unique_ptr<JobCheckpoints>> Open(const JobCheckpointOptions& options,
                                                      std::string job);

  /// The job's over all runs that resume from each other: the name of the first of them. Who only begins with a copy of
  /// another job's state must not have its id: sinks remove what earlier runs with their id have left unfinished.
  const std::string& job_id() const { return job_.id; }

  // --- while the job is deployed

  void AddVertex(std::vector<std::string> operators) {
    job_.operators.push_back(std::move(operators));
  }
  /// What the subtask's operator begins with; null: nothing. Lives as long as this.
  const OperatorRestore* RestoreOf(const std::string& op, int vertex, int subtask, int parallelism);
  Status AddSource(const std::string& op, SourceCheckpoints* coordinator);
  /// The manifest that the job goes on from, and the first checkpoint of this run.
  const std::string& manifest() const { return manifest_; }
  std::int64_t first() const { return first_; }
  /// The mail of a task, and the checkpoint that its ids go on from.
  CheckpointMail* AddTask(TaskId task, int parallelism, Waker* waker);
  std::int64_t restored() const { return first_ - 1; }
  SnapshotUploads* uploads() { return &uploads_; }
  std::optional<std::int64_t> overtake_after() const { return overtake_after_; }

  // --- while it runs

  /// When all tasks and sources are known.
  void Start(const Clock* clock);
  CheckpointCoordinator& coordinator() { return *coordinator_; }
  bool coordinated_here() const { return coordinator_.has_value(); }
  /// What the coordinator in another process says to a task; wakes it.
  void Deliver(TaskId task, const CheckpointMail::Numbers& numbers);

 private:
  JobCheckpoints(const JobCheckpointOptions& options, CheckpointStore store, std::string job);

  CheckpointPolicy policy_;
  CheckpointStore store_;
  SnapshotUploads uploads_;
  const bool coordinates_;
  const std::optional<std::int64_t> overtake_after_;
  std::string manifest_;
  std::int64_t first_ = 1;
  std::unique_ptr<CheckpointRestore> restore_;
  std::deque<std::unique_ptr<OperatorRestore>> operator_restores_;
  std::deque<CheckpointMail> mails_;
  CheckpointCoordinator::Job job_;
  std::map<TaskId, Manifest::Chain> chains_;
  std::optional<CheckpointCoordinator> coordinator_;
};

}  // namespace millrace
