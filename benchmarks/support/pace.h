#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "millrace/base/clock.h"
#include "millrace/operators/source/source_api.h"

namespace millrace {

/// How fast a source's readers give their records, and what they wait for at their end: a job that is harmed from outside
/// lives until that is over, however fast the machine is.
struct PaceSettings {
  double rate = 0;    // records a second of each reader; 0: flat out
  std::string until;  // the file that has to be there; empty: none
};

/// The pace of one reader, asked in each poll.
class Pace {
 public:
  Pace(PaceSettings settings, const Clock* clock)
      : settings_(std::move(settings)), clock_(clock), start_(clock->NowNanos()) {}

  /// How many of `max_rows` records may be read now; taken as read.
  std::uint32_t Take(std::uint32_t max_rows) {
    if (settings_.rate <= 0) return max_rows;
    const auto elapsed = static_cast<double>(clock_->NowNanos() - start_);
    const std::int64_t due = static_cast<std::int64_t>(elapsed * (settings_.rate / 1e9)) - taken_;
    const std::int64_t rows = std::clamp<std::int64_t>(due, 0, max_rows);
    taken_ += rows;
    return static_cast<std::uint32_t>(rows);
  }
  /// For a poll in which no record may be read.
  PollResult Wait() const { return PollResult::Waiting(clock_->NowNanos() + kTickNanos); }
  /// For each poll behind the last record.
  PollResult End() const {
    const bool held = !settings_.until.empty() && access(settings_.until.c_str(), F_OK) != 0;
    return held ? Wait() : PollResult::End();
  }

 private:
  static constexpr std::int64_t kTickNanos = 1000 * 1000;

  PaceSettings settings_;
  const Clock* clock_;
  std::int64_t start_;
  std::int64_t taken_ = 0;
};

}  // namespace millrace
