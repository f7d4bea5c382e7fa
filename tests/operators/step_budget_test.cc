// How long steps get whose rows differ in what they cost.
#include "millrace/operators/step_budget.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr std::int64_t kStep = 200 * 1000;

/// A source of cheap rows and, in the same task, a keyed operator whose rows are dear after a while: a step works off what
/// waits between the two, then reads until no more fits.
class Task {
 public:
  explicit Task(ManualClock* clock) : clock_(clock) {}
  void Step(StepBudget& budget, std::int64_t dear) {
    budget.Restart(clock_->NowNanos());
    Work(budget, dear);
    budget.End(clock_->NowNanos());
  }

 private:
  void Work(StepBudget& budget, std::int64_t dear) {
    while (waiting_ > 0) {
      const std::int64_t rows = std::min<std::int64_t>(waiting_, budget.Take(128));
      waiting_ -= rows;
      clock_->AdvanceNanos(rows * dear);
      if (budget.Spend(rows)) return;
    }
    while (waiting_ < 20000) {
      const std::int64_t rows = budget.Take(512);
      waiting_ += rows;
      clock_->AdvanceNanos(rows * 2);
      if (budget.Spend(rows)) return;
    }
  }
  ManualClock* clock_;
  std::int64_t waiting_ = 0;
};

TEST(StepBudget, CheapRowsBetweenDearOnesDoNotMakeStepsLong) {
  ManualClock clock(0);
  StepBudget budget(clock, kStep);
  Task task(&clock);
  std::int64_t longest = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t began = clock.NowNanos();
    task.Step(budget, i < 100 ? 2 : 120);
    if (i > 105) longest = std::max(longest, clock.NowNanos() - began);  // it learns
  }
  EXPECT_LT(longest, 2 * kStep);
}

TEST(StepBudget, TheClockIsReadSeldomWhenAllRowsCostTheSame) {
  ManualClock clock(0);
  StepBudget budget(clock, kStep);
  for (int i = 0; i < 20; ++i) {
    budget.Restart(clock.NowNanos());
    std::int64_t rows = 0;
    do {
      clock.AdvanceNanos(128 * 10);
      rows += 128;
    } while (!budget.Spend(128));
    budget.End(clock.NowNanos());
    if (i < 5) continue;  // it learns
    EXPECT_NEAR(static_cast<double>(rows), kStep / 10, kStep / 10 * 0.3);
  }
}

}  // namespace
}  // namespace millrace
