#pragma once

#include <atomic>
#include <utility>

namespace millrace {

/// Whose code a thread runs: for log lines, warnings of slow steps, failures and crash reports. Belongs to a task, whose
/// thread is the only writer; any thread may read. The names outlive it.
struct RunningStep {
  const char* task = "";
  int subtask = 0;
  std::atomic<const char*> op{""};
};

namespace internal {
extern constinit thread_local RunningStep* running_step;  // null outside of steps
}  // namespace internal

/// Makes a step the one that this thread runs while it lives.
class RunningScope {
 public:
  explicit RunningScope(RunningStep& step)
      : previous_(std::exchange(internal::running_step, &step)) {}
  ~RunningScope() { internal::running_step = previous_; }
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  RunningStep* previous_;
};

/// Notes that an operator's code begins; Done goes back to the one before. Without Done - something was thrown - the
/// note stays, and the failure has its name.
class OperatorMark {
 public:
  explicit OperatorMark(const char* op) : step_(internal::running_step) {
    if (step_ == nullptr) return;
    previous_ = step_->op.load(std::memory_order_relaxed);
    step_->op.store(op, std::memory_order_relaxed);
  }
  void Done() {
    if (step_ != nullptr) step_->op.store(previous_, std::memory_order_relaxed);
  }

 private:
  RunningStep* step_;
  const char* previous_ = "";
};

}  // namespace millrace
