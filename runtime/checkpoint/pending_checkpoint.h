#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint/snapshot_target.h"

namespace millrace {

/// A checkpoint on its way: which tasks have acknowledged it. Pure; ends in exactly one of complete and failed, and stays
/// there, whatever still arrives. (Flink: PendingCheckpoint)
class PendingCheckpoint {
 public:
  enum class State { kRunning, kComplete, kFailed };

  /// `tasks`: who has to acknowledge, without those that have finished.
  PendingCheckpoint(std::int64_t id, std::int64_t began_nanos, const std::vector<TaskId>& tasks);

  /// The task's snapshot is durable. Acknowledgements of others, and repeated ones, change nothing.
  void OnAcknowledged(TaskId task);
  /// The task can't take part, or its snapshot could not be made or written.
  void OnDeclined(TaskId task, const std::string& why);
  void OnTimeout();
  /// A newer checkpoint is complete, or the job ends.
  void Abort(const std::string& why) { Fail(why); }

  std::int64_t id() const { return id_; }
  std::int64_t began_nanos() const { return began_nanos_; }
  State state() const { return state_; }
  /// Of a failed one.
  const std::string& why() const { return why_; }
  std::size_t missing() const { return missing_; }

 private:
  void Fail(const std::string& why);

  std::int64_t id_;
  std::int64_t began_nanos_;
  std::map<TaskId, bool> acknowledged_;
  std::size_t missing_;
  State state_ = State::kRunning;
  std::string why_;
};

}  // namespace millrace
