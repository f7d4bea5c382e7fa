#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
  /// The region that has failed, while the tasks of the others run on; negative: the whole job has.
  int region = -1;
};

/// The tasks that share one thread: one subtask of each vertex. A round steps each of them once.
///
/// Where regions fail one by one (SeparateRegions), a task that throws stops those of its region that are here, and no other.
/// Whoever starts the region again has the slot stop it (Order::kStop), puts other tasks in place of its own, and has the slot
/// open them (Order::kOpen).
class Slot {
 public:
  using OnFailure = std::function<void(TaskFailure)>;

  Slot(int index, const Clock* clock, OnFailure on_failure);

  /// Where it stands in tasks().
  std::size_t Add(std::unique_ptr<Task> task, int region = 0);
  /// Before Open.
  void SeparateRegions() { separate_ = true; }
  /// From here on the longest step of each task is kept: four more clock readings a step.
  void MeasureSteps() { measures_steps_ = true; }
  int index() const { return index_; }
  Parker& parker() { return parker_; }
  /// Null: it was stopped, and there is no other in its place yet.
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

  // --- of a region, from another thread than the slot's

  enum class Order {
    kStop,  // its tasks are closed and not stepped any more
    kOpen,  // those that are in their place now are opened
  };
  /// To be obeyed between two rounds; `obeyed` is called then, on the slot's thread. One at a time.
  void Give(Order order, int region, std::function<void()> obeyed);
  /// A task in place of one that was stopped, or none.
  void Replace(std::size_t at, std::unique_ptr<Task> task) { tasks_[at] = std::move(task); }
  /// Does what it was ordered to, on the thread that steps it. True when it was ordered anything.
  bool Obey();

  /// For the watchdog: the clock reading when the step at hand began (0: none), and its task.
  std::int64_t step_began() const { return step_began_.load(std::memory_order_relaxed); }
  const Task* stepping() const { return stepping_.load(std::memory_order_relaxed); }
  /// The thread that steps it, as the kernel numbers threads; 0 before and after.
  pid_t thread() const { return thread_.load(std::memory_order_relaxed); }

 private:
  struct State {
    int region = 0;
    bool done = false;
    bool stopped = false;  // its region has failed, here or in another slot
    bool away = false;     // between kStop and kOpen: another thread takes it away, and replaces it
  };
  struct Ordered {
    Order order;
    int region;
    std::function<void()> obeyed;
  };
  bool rests(std::size_t task) const { return states_[task].done || states_[task].stopped; }
  void Loop(const std::atomic<bool>& stop);
  /// True when some task made progress; `next_wake` is when an idle one wants to be stepped.
  bool Round(StepBudget& budget, std::int64_t* next_wake);
  bool OpenTask(std::size_t task);
  void CloseTask(Task& task);
  void StopRegion(int region);
  void OpenRegion(int region);
  /// Called where what a task has thrown is caught.
  void Fail(std::size_t task);
  void FailJob(const Task& task, bool closing);
  StepResult MeasuredStep(Task& task, StepBudget& budget);

  const int index_;
  const Clock* clock_;
  OnFailure on_failure_;
  Parker parker_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<State> states_;
  std::size_t live_ = 0;
  bool failed_ = false;
  bool separate_ = false;
  bool measures_steps_ = false;
  std::atomic<bool> ordered_{false};
  std::mutex mutex_;
  std::optional<Ordered> order_;  // guarded by the mutex
  std::atomic<std::int64_t> step_began_{0};
  std::atomic<const Task*> stepping_{nullptr};
  std::atomic<pid_t> thread_{0};
};

}  // namespace millrace
