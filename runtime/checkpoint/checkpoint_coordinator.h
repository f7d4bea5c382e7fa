#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/graph/checkpoint_report.h"
#include "millrace/graph/recovery_settings.h"
#include "millrace/io/channel.h"
#include "runtime/checkpoint/checkpoint_mail.h"
#include "runtime/checkpoint/pending_checkpoint.h"
#include "runtime/checkpoint/snapshot_uploads.h"
#include "runtime/checkpoint/source_checkpoints.h"

namespace millrace {

/// Begins checkpoints, waits for all tasks, writes manifests, and tells the tasks. One thread calls it.
/// (Flink: CheckpointCoordinator)
///
/// Up to `max_concurrent` are under way at once. They end in their order: what a task has for one is written before what it
/// has for the next, and manifests are written one after the other.
///
/// When all tasks have come to their end it takes a last checkpoint, with which what sinks have written is committed.
///
/// While some tasks are started again and the others run on it takes none (Suspend, StartAgain, Resume).
class CheckpointCoordinator {
 public:
  struct Task {
    TaskId id;
    CheckpointMail* mail = nullptr;
    Waker* waker = nullptr;
  };
  struct Source {
    std::string name;  // of the operator
    SourceCheckpoints* coordinator = nullptr;
  };
  struct Job {
    Manifest plan;  // its job, run, job_id, vertices and operators: what each manifest begins as
    std::vector<Task> tasks;
    std::vector<Source> sources;
  };

  /// `first`: the id of the first checkpoint. `restored`: what tasks that go on with their chains were restored from. All
  /// pointers outlive it.
  CheckpointCoordinator(Job job, const CheckpointSettings& settings, const Clock* clock,
                        SnapshotUploads* uploads, CheckpointHistory* history, std::int64_t first,
                        std::map<TaskId, Manifest::Chain> restored);

  /// Looks at what has happened and does what is due.
  void Step();
  /// A checkpoint now, unless as many as may be are under way or the job has ended. True when one was begun.
  bool Trigger();
  /// Clock reading in nanoseconds at which Step has something to do, whatever happens.
  std::int64_t next_wake() const;
  /// How many are under way.
  std::size_t pending() const { return pending_.size(); }
  /// The last checkpoint is complete.
  bool finished() const { return finished_; }
  /// Too many checkpoints have failed: so has the job. Empty while not.
  const std::string& failure() const { return failure_; }

  // --- while some tasks are started again

  /// Gives up what is under way, but for those whose manifest is being written: they end as they do. No other begins.
  void Suspend(const std::string& why);
  /// The newest checkpoint that tasks have heard of. What is started again takes part in those behind it.
  std::int64_t newest() const { return next_id_ - 1; }
  /// The task that was is no more, and all that it said is in the uploads' events. Another one goes on with `chain`. The caller
  /// writes its mail. While suspended, when none is under way.
  void StartAgain(TaskId task, Manifest::Chain chain);
  /// Tasks that were started again run.
  void Resume() { suspended_ = false; }

 private:
  /// A checkpoint under way.
  struct Pending {
    PendingCheckpoint tasks;
    Manifest manifest;  // as far as they have acknowledged
    CheckpointReport report;
    bool last = false;           // all tasks had come to their end when it began
    bool being_written = false;  // all have acknowledged, the manifest is on its way
  };
  void OnEvent(const SnapshotEvent& event);
  void OnWritten(const SnapshotEvent& event);
  void OnManifest(const SnapshotEvent& event);
  /// Notes what the task has done for it.
  void Acknowledge(const SnapshotEvent& event, Pending* pending);
  bool all_ended() const { return ended_.size() == job_.tasks.size(); }
  bool MayBegin() const;
  void Begin();
  /// Writes manifests of those that all tasks have acknowledged, ends those that failed.
  void LookAtTasks();
  /// Null when there is no such checkpoint under way.
  Pending* Find(std::int64_t checkpoint);
  void Complete(Pending* pending);
  /// `why` outlives the pending one, which has it.
  void Fail(Pending* pending, std::string why);
  /// The tasks hear that nothing comes of it.
  void GiveUp(Pending* pending, const std::string& why);
  /// It is not under way any more.
  void End(Pending* pending, const std::string& failure);
  void TellAborted();
  void TellAll(const std::function<void(CheckpointMail&)>& tell);

  const Job job_;
  const CheckpointSettings settings_;
  const Clock* clock_;
  SnapshotUploads* uploads_;
  CheckpointHistory* history_;
  std::int64_t next_id_;
  std::map<TaskId, Manifest::Chain> chains_;
  std::set<TaskId> broken_;  // whose last file was not written: the next that counts is whole
  std::set<TaskId> ended_;
  /// Of tasks that were started again: what is said of checkpoints up to this one is of their predecessors.
  std::map<TaskId, std::int64_t> again_;
  std::vector<Pending> pending_;    // oldest first
  std::set<std::int64_t> aborted_;  // failed, and the tasks do not know yet
  std::int64_t next_begin_;
  std::int64_t failures_in_a_row_ = 0;
  bool suspended_ = false;
  bool finished_ = false;
  std::string failure_;
};

}  // namespace millrace
