#include "runtime/task/slot.h"

#include <sys/prctl.h>

#include <algorithm>
#include <ctime>
#include <exception>

namespace millrace {
namespace {

constexpr std::int64_t kStepNanos = 200 * 1000;

std::uint64_t Reading(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000000000 + static_cast<std::uint64_t>(t.tv_nsec);
}
void Raise(Counter& longest, std::uint64_t nanos) {
  if (nanos > longest.value()) longest.Set(nanos);
}

}  // namespace

Slot::Slot(int index, const Clock* clock, OnFailure on_failure)
    : index_(index), clock_(clock), on_failure_(std::move(on_failure)) {}

void Slot::Add(std::unique_ptr<Task> task) {
  tasks_.push_back(std::move(task));
  states_.emplace_back();
  ++live_;
}

void Slot::Fail(const Task& task, const char* what) {
  failed_ = true;
  on_failure_(
      {task.name(), task.running().op.load(std::memory_order_relaxed), task.subtask(), what});
}

bool Slot::Open() {
  const std::int64_t now = clock_->NowNanos();
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    states_[i].since = now;
    try {
      const RunningScope scope(tasks_[i]->running());
      tasks_[i]->Open();
    } catch (const std::exception& e) {
      Fail(*tasks_[i], e.what());
      return false;
    } catch (...) {
      Fail(*tasks_[i], "something that is not a std::exception was thrown while opening");
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
  } catch (const std::exception& e) {
    Fail(*tasks_[task], e.what());
  } catch (...) {
    Fail(*tasks_[task], "something that is not a std::exception was thrown");
  }
  if (result == StepResult::kFinished) {
    state.done = true;
    --live_;
  }
  return result;
}

StepResult Slot::MeasuredStep(Task& task, StepBudget& budget) {
  const std::uint64_t wall = Reading(CLOCK_MONOTONIC);
  const std::uint64_t cpu = Reading(CLOCK_THREAD_CPUTIME_ID);
  const StepResult result = task.RunStep(budget);
  Raise(task.times().longest_step_cpu, Reading(CLOCK_THREAD_CPUTIME_ID) - cpu);
  Raise(task.times().longest_step, Reading(CLOCK_MONOTONIC) - wall);
  return result;
}

void Slot::Account(std::size_t task, std::int64_t began, std::int64_t ended, StepResult result) {
  State& state = states_[task];
  TaskTimes& times = tasks_[task]->times();
  const auto gap = static_cast<std::uint64_t>(began - state.since);
  const auto step = static_cast<std::uint64_t>(ended - began);
  switch (state.last) {
    case StepResult::kIdle:
      times.idle.Add(gap);
      break;
    case StepResult::kBlocked:
      times.blocked.Add(gap);
      break;
    default:
      times.runnable.Add(gap);
      break;
  }
  // A step that found nothing to do is waiting, not work.
  if (result == StepResult::kIdle) {
    times.idle.Add(step);
  } else if (result == StepResult::kBlocked) {
    times.blocked.Add(step);
  } else {
    times.busy.Add(step);
  }
  state.since = ended;
  state.last = result;
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
    Account(i, began, now, result);
    progress |= result == StepResult::kMore || result == StepResult::kFinished;
    if (result == StepResult::kIdle || result == StepResult::kBlocked) {
      *next_wake = std::min(*next_wake, tasks_[i]->next_wake());
    }
  }
  return progress;
}

void Slot::Run(const std::atomic<bool>& stop) {
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  if (!Open()) return;
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
    } catch (const std::exception& e) {
      Fail(*tasks_[i], e.what());
    } catch (...) {
      Fail(*tasks_[i], "something that is not a std::exception was thrown");
    }
  }
}

void Slot::Close() {
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (states_[i].done) continue;
    try {
      const RunningScope scope(tasks_[i]->running());
      tasks_[i]->Close();
    } catch (const std::exception& e) {
      Fail(*tasks_[i], e.what());
    } catch (...) {
      Fail(*tasks_[i], "something that is not a std::exception was thrown while closing");
    }
  }
}

}  // namespace millrace
