#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/io/channel.h"
#include "runtime/checkpoint/checkpoint_mail.h"
#include "runtime/checkpoint/pending_checkpoint.h"
#include "runtime/checkpoint/snapshot_uploads.h"
#include "runtime/checkpoint/source_checkpoints.h"

namespace millrace {

/// When checkpoints are taken, and what is kept. (Flink: CheckpointConfig)
struct CheckpointPolicy {
  std::int64_t interval_nanos = 0;  // from begin to begin; 0: only when asked for, and the last one
  std::int64_t pause_nanos = 0;     // at least, from the end of one to the begin of the next
  std::int64_t timeout_nanos = std::int64_t{600} * 1000000000;
  int tolerable_failures = 0;  // in a row
  std::size_t retained = 3;
};

/// Begins checkpoints, waits for all tasks, writes manifests, and tells the tasks. One thread calls it.
/// (Flink: CheckpointCoordinator)
///
/// When all tasks have come to their end it takes a last checkpoint, with which what sinks have written is committed.
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
    std::string name;
    std::string id;                                   // JobCheckpoints::job_id
    std::vector<std::vector<std::string>> operators;  // names, by vertex
    std::vector<Task> tasks;
    std::vector<Source> sources;
  };

  /// `first`: the id of the first checkpoint. `restored`: what tasks that go on with their chains were restored from. All
  /// pointers outlive it.
  CheckpointCoordinator(Job job, const CheckpointPolicy& policy, const Clock* clock,
                        SnapshotUploads* uploads, std::int64_t first,
                        std::map<TaskId, Manifest::Chain> restored);

  /// Looks at what has happened and does what is due.
  void Step();
  /// A checkpoint now, unless one is under way or the job has ended. True when one was begun.
  bool Trigger();
  /// Clock reading in nanoseconds at which Step has something to do, whatever happens.
  std::int64_t next_wake() const;
  /// One is under way.
  bool pending() const { return current_.has_value(); }
  /// The last checkpoint is complete.
  bool finished() const { return finished_; }
  /// Too many checkpoints have failed: so has the job. Empty while not.
  const std::string& failure() const { return failure_; }
  std::uint64_t completed() const { return completed_; }
  std::uint64_t failed() const { return failed_; }

 private:
  void OnEvent(const SnapshotEvent& event);
  void OnWritten(const SnapshotEvent& event);
  void Begin();
  /// Whether the tasks are through with the checkpoint at hand.
  void LookAtTasks();
  void OnManifest(const SnapshotEvent& event);
  void Complete();
  void Fail(const std::string& why);
  void TellAll(const std::function<void(CheckpointMail&)>& tell);

  const Job job_;
  const CheckpointPolicy policy_;
  const Clock* clock_;
  SnapshotUploads* uploads_;
  std::int64_t next_id_;
  std::map<TaskId, Manifest::Chain> chains_;
  std::set<TaskId> broken_;  // whose last file was not written: the next that counts is whole
  std::set<TaskId> ended_;
  /// The checkpoint at hand.
  struct Current {
    PendingCheckpoint tasks;
    Manifest manifest;           // as far as they have acknowledged
    bool last = false;           // all tasks had come to their end when it began
    bool being_written = false;  // all have acknowledged, the manifest is on its way
  };
  std::optional<Current> current_;
  std::int64_t next_begin_;
  int failures_in_a_row_ = 0;
  bool finished_ = false;
  std::string failure_;
  std::uint64_t completed_ = 0, failed_ = 0;
};

}  // namespace millrace
