#pragma once

#include <cstdint>

#include "millrace/operators/counters.h"

namespace millrace {

/// What a step of a task ended with.
enum class StepResult {
  kMore,      // it did something, and may go on at once
  kIdle,      // no input: until `next_wake`, or when woken
  kBlocked,   // an output has no room
  kFinished,  // the last result is out
};

/// Where a task's time went, in nanoseconds; one writer, any readers. The four sum to the time from Begin to the last call,
/// whatever happens in between:
///   busy      in steps that ran code of its operators
///   idle      without input, or finished
///   blocked   with an output that has no room
///   runnable  with something to do, while its slot ran another task
/// Pure: the slot reads the clock.
class TaskTimes {
 public:
  Counter busy, idle, blocked, runnable;
  Counter longest_step, longest_step_cpu;  // only of a slot that measures steps

  void Begin(std::int64_t now) { since_ = now; }
  /// A step from `began` to `ended`. A source's step is work even when it finds nothing: it has asked its readers. Others
  /// have looked at their channels only.
  void Step(std::int64_t began, std::int64_t ended, StepResult result, bool source) {
    Wait(began);
    const bool waits = result == StepResult::kIdle || result == StepResult::kBlocked;
    last_ = result;
    if (waits && !(source && result == StepResult::kIdle)) {
      Wait(ended);
    } else {
      Add(&busy, ended);
    }
  }
  /// Opening and closing: user code too.
  void Work(std::int64_t began, std::int64_t ended) {
    Wait(began);
    Add(&busy, ended);
  }
  /// The time since the last call was spent as the last step has left the task; also called at the end.
  void Wait(std::int64_t now) {
    switch (last_) {
      case StepResult::kIdle:
      case StepResult::kFinished:
        return Add(&idle, now);
      case StepResult::kBlocked:
        return Add(&blocked, now);
      case StepResult::kMore:
        return Add(&runnable, now);
    }
  }

 private:
  void Add(Counter* to, std::int64_t now) {
    to->Add(static_cast<std::uint64_t>(now - since_));
    since_ = now;
  }

  StepResult last_ = StepResult::kMore;
  std::int64_t since_ = 0;
};

}  // namespace millrace
