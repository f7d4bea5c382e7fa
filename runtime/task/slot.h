#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/base/clock.h"
#include "runtime/task/parker.h"
#include "runtime/task/task.h"

namespace millrace {

/// Why a job failed: which operator, on which subtask, and what was thrown.
struct TaskFailure {
  std::string task;
  std::string op;
  int subtask = 0;
  std::string message;
  bool closing = false;  // thrown by Close when the job was at its end
  /// Another attempt fails the same way: the checkpoint can't be restored, or the job can't take part in checkpoints.
  bool fatal = false;
  bool restoring = false;  // the checkpoint can't be restored
};

/// The tasks that share one thread: one subtask of each vertex. A round steps each of them once.
class Slot {
 public:
  using OnFailure = std::function<void(TaskFailure)>;

  Slot(int index, const Clock* clock, OnFailure on_failure);

  void Add(std::unique_ptr<Task> task);
  /// From here on the longest step of each task is kept: four more clock readings a step.
  void MeasureSteps() { measures_steps_ = true; }
  int index() const { return index_; }
  Parker& parker() { return parker_; }
  const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }

  /// Opens all tasks; on the thread that will step them. False after a failure.
  bool Open();
  /// The thread driver: rounds until all tasks have finished, or `stop`.
  void Run(const std::atomic<bool>& stop);
  /// One step of one task (seeded driver). Catches what user code throws.
  StepResult Step(std::size_t task, StepBudget& budget);
  void FlushAll();
  /// When all slots of the job have finished: what sinks wrote is published.
  void Commit();
  /// Closes every task that is not closed yet, also one that failed.
  void Close();
  bool finished() const { return live_ == 0; }

  /// For the watchdog: the clock reading when the step at hand began (0: none), and its task.
  std::int64_t step_began() const { return step_began_.load(std::memory_order_relaxed); }
  const Task* stepping() const { return stepping_.load(std::memory_order_relaxed); }
  /// The thread that steps it, as the kernel numbers threads; 0 before and after.
  pid_t thread() const { return thread_.load(std::memory_order_relaxed); }

 private:
  struct State {
    bool done = false;
  };
  void Loop(const std::atomic<bool>& stop);
  /// True when some task made progress; `next_wake` is when an idle one wants to be stepped.
  bool Round(StepBudget& budget, std::int64_t* next_wake);
  /// Called where what a task has thrown is caught.
  void Fail(const Task& task, bool closing = false);
  StepResult MeasuredStep(Task& task, StepBudget& budget);

  const int index_;
  const Clock* clock_;
  OnFailure on_failure_;
  Parker parker_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<State> states_;
  std::size_t live_ = 0;
  bool failed_ = false;
  bool measures_steps_ = false;
  std::atomic<std::int64_t> step_began_{0};
  std::atomic<const Task*> stepping_{nullptr};
  std::atomic<pid_t> thread_{0};
};

}  // namespace millrace
