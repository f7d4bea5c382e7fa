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
    begun_with_ = chunk_;
    longest_ = 0;
    expired_ = false;
  }
  /// The step has ended at `now`. Learns from it: rows are taken in larger chunks only after a step in which every chunk
  /// was quick, since a task has cheap rows (a source's) and dear ones (a growing state's) in turn.
  void End(std::int64_t now);
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
  /// Looks at the time since the last look: if it was long, fewer rows from here on, in proportion.
  void Look(std::int64_t now);

  const Clock* clock_ = nullptr;
  std::int64_t nanos_ = 0;
  std::int64_t deadline_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t rows_left_ = 0;
  std::int64_t chunk_ = 512;
  std::int64_t begun_with_ = 512;  // rows_left_ at the last look at the time
  std::int64_t longest_ = 0;       // between two looks at the time of this step
  bool expired_ = false;
};

/// How many rows an operator takes between two looks at its outputs. Emitting always succeeds, so what a chunk emits beyond
/// the credit stands in memory: few rows when they are large. Learned from the bytes of texts and elements that chunks
/// have emitted; begins small, for nobody knows how large the first rows are.
class ChunkRows {
 public:
  explicit ChunkRows(std::uint32_t most) : most_(std::max<std::uint32_t>(most, 1)) {}

  std::uint32_t rows() const { return std::min(rows_, most_); }
  /// A chunk was taken; `sent` is the operator's counter of bytes sent.
  void OnChunk(std::uint64_t sent) {
    const std::uint64_t bytes = sent - sent_;
    sent_ = sent;
    if (bytes > kMuch) {
      rows_ = std::max<std::uint32_t>(rows() / 2, 1);
    } else if (bytes < kLittle && rows_ < most_) {
      rows_ *= 2;
    }
  }

 private:
  static constexpr std::uint64_t kMuch = 512 * 1024;
  static constexpr std::uint64_t kLittle = 128 * 1024;

  std::uint32_t most_;
  std::uint32_t rows_ = 16;
  std::uint64_t sent_ = 0;
};

}  // namespace millrace
