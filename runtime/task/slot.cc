#include "runtime/task/slot.h"

#include <sys/prctl.h>

#include <algorithm>

#include "millrace/operators/snapshot.h"
#include "millrace/operators/user_error.h"
#include "src/base/thread_cpu.h"
#include "src/base/thread_stack.h"

namespace millrace {
namespace {

constexpr std::int64_t kStepNanos = 200 * 1000;

void Raise(Counter& longest, std::int64_t nanos) {
  const auto found = static_cast<std::uint64_t>(nanos);
  if (found > longest.value()) longest.Set(found);
}

}  // namespace

Slot::Slot(int index, const Clock* clock, OnFailure on_failure)
    : index_(index), clock_(clock), on_failure_(std::move(on_failure)) {}

void Slot::Add(std::unique_ptr<Task> task) {
  tasks_.push_back(std::move(task));
  states_.emplace_back();
  ++live_;
}

void Slot::Fail(const Task& task, bool closing) {
  failed_ = true;
  TaskFailure failure{task.name(), task.running().op.load(std::memory_order_relaxed),
                      task.subtask(), internal::DescribeException(), closing};
  try {
    throw;
  } catch (const RestoreError&) {
    failure.fatal = failure.restoring = true;
  } catch (const NoSnapshotsError&) {
    failure.fatal = true;
  } catch (...) {
  }
  on_failure_(std::move(failure));
}

bool Slot::Open() {
  std::int64_t now = clock_->NowNanos();
  for (const auto& task : tasks_) task->times().Begin(now);
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const std::int64_t began = now;
    stepping_.store(tasks_[i].get(), std::memory_order_relaxed);
    step_began_.store(began, std::memory_order_relaxed);
    try {
      const RunningScope scope(tasks_[i]->running());
      tasks_[i]->Open();
      step_began_.store(0, std::memory_order_relaxed);
      now = clock_->NowNanos();
      tasks_[i]->times().Work(began, now);
    } catch (...) {
      step_began_.store(0, std::memory_order_relaxed);
      Fail(*tasks_[i]);
      return false;
    }
  }
  return true;
}

StepResult Slot::Step(std::size_t task, StepBudget& budget) {
  State& state = states_[task];
  if (state.done || failed_) return StepResult::kFinished;
  StepResult result = StepResult::kFinished;
  try {
    const RunningScope scope(tasks_[task]->running());
    result = measures_steps_ ? MeasuredStep(*tasks_[task], budget) : tasks_[task]->RunStep(budget);
  } catch (...) {
    Fail(*tasks_[task]);
    return StepResult::kFinished;
  }
  if (result == StepResult::kFinished) {
    state.done = true;
    --live_;
  }
  return result;
}

StepResult Slot::MeasuredStep(Task& task, StepBudget& budget) {
  const std::int64_t wall = clock_->NowNanos();
  const std::int64_t cpu = ThreadCpuNanos();
  if (TaskSnapshots* snapshots = task.snapshots()) snapshots->OnStepBegin(cpu);
  const StepResult result = task.RunStep(budget);
  const std::int64_t cpu_end = ThreadCpuNanos();
  if (TaskSnapshots* snapshots = task.snapshots()) snapshots->OnStepEnd(cpu_end);
  Raise(task.times().longest_step_cpu, cpu_end - cpu);
  Raise(task.times().longest_step, clock_->NowNanos() - wall);
  return result;
}

bool Slot::Round(StepBudget& budget, std::int64_t* next_wake) {
  bool progress = false;
  *next_wake = INT64_MAX;
  std::int64_t now = clock_->NowNanos();
  for (std::size_t i = 0; i < tasks_.size() && !failed_; ++i) {
    if (states_[i].done) continue;
    const std::int64_t began = now;
    budget.Restart(began);
    stepping_.store(tasks_[i].get(), std::memory_order_relaxed);
    step_began_.store(began, std::memory_order_relaxed);
    const StepResult result = Step(i, budget);
    step_began_.store(0, std::memory_order_relaxed);
    now = clock_->NowNanos();
    budget.End(now);
    tasks_[i]->times().Step(began, now, result, tasks_[i]->is_source());
    progress |= result == StepResult::kMore || result == StepResult::kFinished;
    if (result == StepResult::kIdle || result == StepResult::kBlocked) {
      *next_wake = std::min(*next_wake, tasks_[i]->next_wake());
    }
  }
  return progress;
}

void Slot::Run(const std::atomic<bool>& stop) {
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  thread_.store(ThisThread(), std::memory_order_relaxed);
  if (Open()) Loop(stop);
  thread_.store(0, std::memory_order_relaxed);
  const std::int64_t now = clock_->NowNanos();
  for (const auto& task : tasks_) task->times().Wait(now);
}

void Slot::Loop(const std::atomic<bool>& stop) {
  StepBudget budget(*clock_, kStepNanos);
  std::int64_t next_wake = INT64_MAX;
  while (!finished() && !failed_ && !stop.load(std::memory_order_relaxed)) {
    if (Round(budget, &next_wake)) continue;
    // Nothing to do: hand over what is open, announce the nap, look once more, then sleep.
    FlushAll();
    parker_.Prepare();
    if (Round(budget, &next_wake) || finished() || failed_ ||
        stop.load(std::memory_order_relaxed)) {
      parker_.Cancel();
      continue;
    }
    const std::int64_t nap =
        next_wake == INT64_MAX ? -1 : std::max<std::int64_t>(next_wake - clock_->NowNanos(), 0);
    parker_.Sleep(nap);
  }
}

void Slot::FlushAll() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (states_[i].done || failed_) continue;
    try {
      const RunningScope scope(tasks_[i]->running());
      tasks_[i]->FlushAll();
    } catch (...) {
      Fail(*tasks_[i]);
    }
  }
}

void Slot::Commit() {
  for (const auto& task : tasks_) {
    try {
      const RunningScope scope(task->running());
      task->Commit();
    } catch (...) {
      Fail(*task);
      return;
    }
  }
}

void Slot::Close() {
  for (const auto& task : tasks_) {
    try {
      const RunningScope scope(task->running());
      task->Close();
    } catch (...) {
      Fail(*task, /*closing=*/true);
    }
  }
}

}  // namespace millrace
