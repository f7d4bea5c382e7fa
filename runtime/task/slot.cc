#include "runtime/task/slot.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

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

std::size_t Slot::Add(std::unique_ptr<Task> task, int region) {
  tasks_.push_back(std::move(task));
  states_.push_back({region, false, false});
  ++live_;
  return tasks_.size() - 1;
}

namespace {

/// Of what was thrown just now.
TaskFailure FailureOf(const Task& task) {
  TaskFailure failure{task.name(), task.running().op.load(std::memory_order_relaxed),
                      task.subtask(), internal::DescribeException()};
  try {
    throw;
  } catch (const RestoreError&) {
    failure.fatal = failure.restoring = true;
  } catch (const NoSnapshotsError&) {
    failure.fatal = true;
  } catch (...) {
  }
  return failure;
}

}  // namespace

void Slot::Fail(std::size_t task) {
  TaskFailure failure = FailureOf(*tasks_[task]);
  if (separate_) {
    failure.region = states_[task].region;
    for (State& state : states_) state.stopped |= state.region == failure.region;
  } else {
    failed_ = true;
  }
  on_failure_(std::move(failure));
}

void Slot::FailJob(const Task& task, bool closing) {
  failed_ = true;
  TaskFailure failure = FailureOf(task);
  failure.closing = closing;
  on_failure_(std::move(failure));
}

bool Slot::Open() {
  const std::int64_t now = clock_->NowNanos();
  for (const auto& task : tasks_) task->times().Begin(now);
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (!rests(i) && !OpenTask(i) && failed_) return false;
  }
  return true;
}

bool Slot::OpenTask(std::size_t task) {
  const std::int64_t began = clock_->NowNanos();
  stepping_.store(tasks_[task].get(), std::memory_order_relaxed);
  step_began_.store(began, std::memory_order_relaxed);
  try {
    const RunningScope scope(tasks_[task]->running());
    tasks_[task]->Open();
    step_began_.store(0, std::memory_order_relaxed);
    tasks_[task]->times().Work(began, clock_->NowNanos());
    return true;
  } catch (...) {
    step_began_.store(0, std::memory_order_relaxed);
    Fail(task);
    return false;
  }
}

void Slot::Give(Order order, int region, std::function<void()> obeyed) {
  {
    const std::lock_guard lock(mutex_);
    order_ = Ordered{order, region, std::move(obeyed)};
  }
  ordered_.store(true, std::memory_order_release);
  parker_.Wake();
}

bool Slot::Obey() {
  if (!ordered_.load(std::memory_order_acquire)) return false;
  ordered_.store(false, std::memory_order_relaxed);
  std::optional<Ordered> ordered;
  {
    const std::lock_guard lock(mutex_);
    ordered = std::exchange(order_, std::nullopt);
  }
  if (ordered->order == Order::kStop) {
    StopRegion(ordered->region);
  } else {
    OpenRegion(ordered->region);
  }
  ordered->obeyed();
  return true;
}

void Slot::CloseTask(Task& task) {
  const RunningScope scope(task.running());
  task.Close();
}

void Slot::StopRegion(int region) {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (states_[i].region != region) continue;
    states_[i].stopped = states_[i].away = true;
    try {
      CloseTask(*tasks_[i]);
    } catch (...) {
      TaskFailure failure = FailureOf(*tasks_[i]);
      failure.closing = true;
      failure.region = region;
      on_failure_(std::move(failure));
    }
  }
  stepping_.store(nullptr, std::memory_order_relaxed);
}

void Slot::OpenRegion(int region) {
  const std::int64_t now = clock_->NowNanos();
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    State& state = states_[i];
    if (state.region != region) continue;
    state.stopped = state.away = false;
    if (std::exchange(state.done, false)) ++live_;
    tasks_[i]->times().Begin(now);
  }
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (states_[i].region == region && !rests(i)) OpenTask(i);
  }
}

StepResult Slot::Step(std::size_t task, StepBudget& budget) {
  State& state = states_[task];
  if (state.done || failed_) return StepResult::kFinished;
  if (state.stopped) return StepResult::kBlocked;
  StepResult result = StepResult::kFinished;
  try {
    const RunningScope scope(tasks_[task]->running());
    result = measures_steps_ ? MeasuredStep(*tasks_[task], budget) : tasks_[task]->RunStep(budget);
  } catch (...) {
    Fail(task);
    return separate_ ? StepResult::kBlocked : StepResult::kFinished;
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
    if (rests(i)) continue;
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
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (!states_[i].away) tasks_[i]->times().Wait(now);
  }
}

void Slot::Loop(const std::atomic<bool>& stop) {
  StepBudget budget(*clock_, kStepNanos);
  std::int64_t next_wake = INT64_MAX;
  while (!finished() && !failed_ && !stop.load(std::memory_order_relaxed)) {
    Obey();
    if (Round(budget, &next_wake)) continue;
    // Nothing to do: hand over what is open, announce the nap, look once more, then sleep.
    FlushAll();
    parker_.Prepare();
    if (Round(budget, &next_wake) || finished() || failed_ ||
        stop.load(std::memory_order_relaxed) || ordered_.load(std::memory_order_relaxed)) {
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
    if (rests(i) || failed_) continue;
    try {
      const RunningScope scope(tasks_[i]->running());
      tasks_[i]->FlushAll();
    } catch (...) {
      Fail(i);
    }
  }
}

void Slot::Commit() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (states_[i].away) continue;
    try {
      const RunningScope scope(tasks_[i]->running());
      tasks_[i]->Commit();
    } catch (...) {
      FailJob(*tasks_[i], /*closing=*/false);
      return;
    }
  }
}

void Slot::Close() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (states_[i].away) continue;  // it was closed
    try {
      CloseTask(*tasks_[i]);
    } catch (...) {
      FailJob(*tasks_[i], /*closing=*/true);
    }
  }
}

}  // namespace millrace
