#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/operators/operator.h"
#include "millrace/operators/snapshot.h"
#include "runtime/checkpoint/snapshot_target.h"

namespace millrace {

/// A task's open snapshots: at most two, each from the barrier at its first operator until none of its operators owes it a row.
class TaskSnapshots {
 public:
  /// All outlive it.
  TaskSnapshots(TaskId task, const std::vector<std::unique_ptr<Operator>>* operators,
                const Clock* clock, SnapshotTarget* target);
  ~TaskSnapshots();

  /// The first of a checkpoint's barriers has come to the task.
  void OnFirstBarrier() { first_barrier_ = clock_->NowNanos(); }
  /// The barrier has come to operator `op`: everything before it is in. The head's comes first. The caller passes it on.
  void OnBarrier(std::size_t op, std::int64_t checkpoint);
  /// The snapshot has in-flight elements, and is not finished before they all are there. False when it was declined.
  bool ExpectInFlight(std::int64_t checkpoint);
  void AddInFlight(ByteWriter element);
  void EndInFlight();
  /// Where steps are measured: one begins, and ends, at these readings of the thread's CPU clock.
  void OnStepBegin(std::int64_t cpu_nanos) { step_began_ = cpu_nanos; }
  void OnStepEnd(std::int64_t cpu_nanos);
  /// Writes a part of what is owed to the oldest, for about as long as a step takes. True when it did something.
  bool Slice();
  bool running() const { return !open_.empty(); }
  /// What tables have written is lost: the next snapshot to begin has everything, of all operators.
  void OnLost() { whole_ = true; }

 private:
  static constexpr std::size_t kMostOpen = 2;
  struct OperatorPart;
  struct Open {
    std::int64_t checkpoint = 0;
    std::unique_ptr<SnapshotFile> file;
    bool whole = false;                                // all operators write everything
    std::vector<std::unique_ptr<OperatorPart>> parts;  // by operator, as barriers come
    bool expects_in_flight = false;
    bool owes_nothing = false;
    SnapshotTimes times;
  };
  bool MayBegin() const;
  /// A piece of work for the snapshot, from `began` until now. How long it took.
  std::int64_t Note(std::int64_t began, Open* open);
  bool WriteOldest();
  /// A slice of `rows_` rows took so long: learns how many to write next.
  void Learn(std::int64_t nanos);
  void CloseOldest();
  Open* Expecting();

  TaskId task_;
  const std::vector<std::unique_ptr<Operator>>* operators_;
  const Clock* clock_;
  SnapshotTarget* target_;
  std::int64_t step_began_ = 0;     // 0: steps are not measured
  std::int64_t first_barrier_ = 0;  // the clock's reading; 0: none waits for others
  std::deque<Open> open_;
  bool whole_ = false;        // the next snapshot to begin is
  std::uint32_t rows_ = 512;  // of a slice
};

}  // namespace millrace
