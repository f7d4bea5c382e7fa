#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "millrace/base/random.h"
#include "millrace/graph/recovery_settings.h"

namespace millrace {

/// Decides whether a job that has failed is started again, and when. Pure: told what the clock says.
/// (Flink: RestartBackoffTimeStrategy)
class RestartStrategy {
 public:
  /// `seed` draws the jitter. kDefault is none here: whoever knows the job says what its default is.
  RestartStrategy(const RestartSettings& settings, std::uint64_t seed)
      : settings_(settings), random_(seed) {}

  /// The job has failed at this reading of the clock: the nanoseconds until it starts again, or nothing: it is over.
  std::optional<std::int64_t> OnFailure(std::int64_t now);
  /// Why it is over, for a message: "3 restarts were allowed (restart-strategy.fixed-delay.attempts)".
  const std::string& why() const { return why_; }

 private:
  std::optional<std::int64_t> FixedDelay();
  std::optional<std::int64_t> FailureRate(std::int64_t now);
  std::optional<std::int64_t> ExponentialDelay(std::int64_t now);

  const RestartSettings settings_;
  Random random_;
  std::int64_t restarts_ = 0;            // fixed; exponential: since the last reset
  std::deque<std::int64_t> failures_;    // of the rate: readings, oldest first
  double backoff_ = 0;                   // exponential, nanoseconds
  std::optional<std::int64_t> started_;  // exponential: when the last restart was due
  std::string why_;
};

// What is said of a restart, and of a job that is not started again.
/// `part`: what of the job is started again; empty: all.
void LogRestart(std::uint64_t number, std::int64_t delay_nanos, const std::string& part,
                const std::string& failure);
/// The last failure with the first one, and why there was no further restart (empty: it was the failure itself).
std::string DescribeGivingUp(const std::string& last, const std::string& first,
                             std::uint64_t restarts, const std::string& why);

}  // namespace millrace
