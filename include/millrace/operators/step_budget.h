#pragma once

#include <algorithm>
#include <cstdint>

#include "millrace/base/clock.h"

namespace millrace {

/// How long a step may go on. Rows are counted down; the clock is read only when the count runs out, and
/// the count adapts so that this happens about ten times in a step. On a manual clock (no `deadline`) the
/// rows alone end the step, which makes it repeatable.
class StepBudget {
 public:
  /// A step that ends after about `nanos`, as seen by `clock`.
  StepBudget(const Clock& clock, std::int64_t nanos) : clock_(&clock), nanos_(nanos) {}
  /// A step of exactly `rows`.
  static StepBudget Rows(std::int64_t rows) {
    StepBudget budget;
    budget.rows_left_ = rows;
    return budget;
  }

  /// Begins the next step; `now` is the clock's reading. Keeps what it learned about the speed.
  void Restart(std::int64_t now) {
    deadline_ = now + nanos_;
    checked_ = now;
    rows_left_ = chunk_;
    expired_ = false;
  }
  /// Begins a step of exactly `rows` (seeded driver).
  void RestartRows(std::int64_t rows) {
    rows_left_ = rows;
    expired_ = false;
  }

  /// At most `want` rows, at least one: how many to take before the next Spend.
  std::uint32_t Take(std::uint32_t want) const {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(rows_left_, 1, std::max<std::uint32_t>(want, 1)));
  }

  /// Counts `rows` as done. True when the step should end.
  bool Spend(std::int64_t rows) {
    rows_left_ -= rows;
    return rows_left_ <= 0 && Check();
  }
  bool expired() const { return expired_; }

 private:
  StepBudget() = default;
  bool Check();

  const Clock* clock_ = nullptr;
  std::int64_t nanos_ = 0;
  std::int64_t deadline_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t rows_left_ = 0;
  std::int64_t chunk_ = 512;
  bool expired_ = false;
};

}  // namespace millrace
