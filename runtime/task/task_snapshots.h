#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "millrace/operators/operator.h"
#include "millrace/operators/snapshot.h"
#include "runtime/checkpoint/snapshot_target.h"

namespace millrace {

/// A task's open snapshots: at most two, each from the barrier at its first operator until none of its operators owes it a row.
class TaskSnapshots {
 public:
  /// All outlive it.
  TaskSnapshots(TaskId task, const std::vector<std::unique_ptr<Operator>>* operators,
                SnapshotTarget* target);
  ~TaskSnapshots();

  /// The barrier has come to operator `op`: everything before it is in. The head's comes first. The caller passes it on.
  void OnBarrier(std::size_t op, std::int64_t checkpoint);
  /// The snapshot has in-flight elements, and is not finished before they all are there. False when it was declined.
  bool ExpectInFlight(std::int64_t checkpoint);
  void AddInFlight(ByteWriter element);
  void EndInFlight();
  /// Writes about `max_rows` of what is owed to the oldest. True when it did something.
  bool Slice(std::uint32_t max_rows);
  bool running() const { return !open_.empty(); }
  /// What tables have written is lost: the next snapshot has everything.
  void OnLost() { whole_ = true; }

 private:
  static constexpr std::size_t kMostOpen = 2;
  struct OperatorPart;
  struct Open {
    std::int64_t checkpoint = 0;
    std::unique_ptr<SnapshotFile> file;
    std::vector<std::unique_ptr<OperatorPart>> parts;  // by operator, as barriers come
    bool expects_in_flight = false;
  };
  void CloseOldest();
  Open* Expecting();

  TaskId task_;
  const std::vector<std::unique_ptr<Operator>>* operators_;
  SnapshotTarget* target_;
  std::deque<Open> open_;
  std::int64_t declined_ = 0;
  bool whole_ = false;
};

}  // namespace millrace
