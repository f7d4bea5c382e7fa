#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "millrace/state/table_snapshot.h"

namespace millrace {

/// A subtask of a vertex, as checkpoints count them.
struct TaskId {
  int vertex = 0;
  int subtask = 0;
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

/// What a task measures of its part in a checkpoint, in nanoseconds by its clock.
struct SnapshotTimes {
  std::int64_t began = 0;       // the reading when the first barrier came
  std::int64_t alignment = 0;   // from there until the barriers of all inputs were there
  std::int64_t snapshot = 0;    // of its thread's time: at the barrier, and in slices
  std::int64_t longest = 0;     // of these pieces
  std::int64_t step = 0;        // CPU time of the longest step meanwhile; where steps are measured
  std::uint64_t in_flight = 0;  // bytes of in-flight elements
};

/// One task's snapshot on its way to storage. Calls only hand over; the bytes are written elsewhere.
class SnapshotFile {
 public:
  virtual ~SnapshotFile() = default;
  /// What the task has written last is not there: this snapshot has to be whole. Each loss is told once.
  virtual bool base_lost() const { return false; }
  /// A block of the `op`-th operator of the task.
  virtual void Add(std::size_t op, SnapshotBlock kind, ByteWriter block) = 0;
  /// Where in a page (ByteWriter::kPage) of the file the next block's content begins.
  virtual std::size_t NextPhase() const { return 0; }
  /// Nothing follows. `oldest`: the oldest checkpoint whose file a restore of this one reads.
  virtual void End(std::int64_t oldest, const SnapshotTimes& times) = 0;
};

/// Where tasks' snapshots go. Called by the tasks' threads.
class SnapshotTarget {
 public:
  virtual ~SnapshotTarget() = default;
  virtual std::unique_ptr<SnapshotFile> Begin(TaskId task, std::int64_t checkpoint) = 0;
  /// The task can't take part in this checkpoint.
  virtual void OnDeclined(TaskId task, std::int64_t checkpoint, const std::string& why) = 0;
  /// The task has come to its end; its operators still answer checkpoints.
  virtual void OnEnded(TaskId task) = 0;
  /// So much waits to be written that tasks should not add to it unless they have to.
  virtual bool Crowded() const = 0;
};

}  // namespace millrace
