#include "runtime/checkpoint/pending_checkpoint.h"

namespace millrace {

PendingCheckpoint::PendingCheckpoint(std::int64_t id, std::int64_t began_nanos,
                                     const std::vector<TaskId>& tasks)
    : id_(id), began_nanos_(began_nanos) {
  for (const TaskId& task : tasks) acknowledged_[task] = false;
  missing_ = acknowledged_.size();
  if (missing_ == 0) state_ = State::kComplete;
}

void PendingCheckpoint::OnAcknowledged(TaskId task) {
  const auto at = acknowledged_.find(task);
  if (state_ != State::kRunning || at == acknowledged_.end() || at->second) return;
  at->second = true;
  if (--missing_ == 0) state_ = State::kComplete;
}

void PendingCheckpoint::OnDeclined(TaskId task, const std::string& why) {
  Fail("vertex " + std::to_string(task.vertex) + ", subtask " + std::to_string(task.subtask) +
       ": " + why);
}

void PendingCheckpoint::OnTimeout() {
  std::string waiting;
  std::size_t named = 0;
  for (const auto& [task, done] : acknowledged_) {
    constexpr std::size_t kMost = 3;
    if (done || ++named > kMost) continue;
    waiting += (waiting.empty() ? "" : ", ") + std::to_string(task.vertex) + "/" +
               std::to_string(task.subtask);
  }
  Fail("timed out, " + std::to_string(missing_) + " of " + std::to_string(acknowledged_.size()) +
       " tasks had not acknowledged it (vertex/subtask " + waiting + (named > 3 ? ", ..." : "") +
       ")");
}

void PendingCheckpoint::Fail(const std::string& why) {
  if (state_ != State::kRunning) return;
  state_ = State::kFailed;
  why_ = why;
}

}  // namespace millrace
