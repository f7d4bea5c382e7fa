#include "runtime/checkpoint/restore/restart_strategy.h"

#include <algorithm>
#include <cstdio>

#include "millrace/base/log.h"

namespace millrace {

std::optional<std::int64_t> RestartStrategy::OnFailure(std::int64_t now) {
  switch (settings_.kind) {
    case RestartSettings::Kind::kDefault:
    case RestartSettings::Kind::kNone:
      break;
    case RestartSettings::Kind::kFixedDelay:
      return FixedDelay();
    case RestartSettings::Kind::kFailureRate:
      return FailureRate(now);
    case RestartSettings::Kind::kExponentialDelay:
      return ExponentialDelay(now);
  }
  why_ = "it is not started again (restart-strategy.type=none)";
  return std::nullopt;
}

std::optional<std::int64_t> RestartStrategy::FixedDelay() {
  if (restarts_ >= settings_.fixed.attempts) {
    why_ = std::to_string(settings_.fixed.attempts) +
           " restarts were allowed (restart-strategy.fixed-delay.attempts)";
    return std::nullopt;
  }
  ++restarts_;
  return settings_.fixed.delay_nanos;
}

std::optional<std::int64_t> RestartStrategy::FailureRate(std::int64_t now) {
  while (!failures_.empty() && now - failures_.front() > settings_.rate.interval_nanos)
    failures_.pop_front();
  failures_.push_back(now);
  if (static_cast<std::int64_t>(failures_.size()) > settings_.rate.max_failures) {
    why_ = std::to_string(settings_.rate.max_failures) +
           " failures were allowed in so short a time "
           "(restart-strategy.failure-rate.max-failures-per-interval)";
    return std::nullopt;
  }
  return settings_.rate.delay_nanos;
}

std::optional<std::int64_t> RestartStrategy::ExponentialDelay(std::int64_t now) {
  const auto& s = settings_.exponential;
  if (started_.has_value() && now - *started_ >= s.reset_nanos) {
    started_.reset();
    restarts_ = 0;
  }
  if (restarts_ >= s.attempts) {
    why_ = std::to_string(s.attempts) +
           " restarts were allowed "
           "(restart-strategy.exponential-delay.attempts-before-reset-backoff)";
    return std::nullopt;
  }
  ++restarts_;
  const auto most = static_cast<double>(s.max_nanos);
  backoff_ = started_.has_value() ? std::min(backoff_ * s.multiplier, most)
                                  : static_cast<double>(s.initial_nanos);
  const double around = backoff_ * (1 + s.jitter * (2 * random_.NextDouble() - 1));
  const auto delay = static_cast<std::int64_t>(std::min(around, most));
  started_ = now + delay;
  return delay;
}

void LogRestart(std::uint64_t number, std::int64_t delay_nanos, const std::string& part,
                const std::string& failure) {
  char seconds[32];
  std::snprintf(seconds, sizeof(seconds), "%.2f s", static_cast<double>(delay_nanos) / 1e9);
  Log(kWarn, "restart ", number, part.empty() ? "" : " of " + part, " in ", seconds, ": ", failure);
}

std::string DescribeGivingUp(const std::string& last, const std::string& first,
                             std::uint64_t restarts, const std::string& why) {
  if (restarts == 0) return last;
  return last + " (it was started again " + std::to_string(restarts) +
         (restarts == 1 ? " time" : " times") + (why.empty() ? "" : "; " + why) +
         (first == last ? "" : "; the first failure was: " + first) + ")";
}

}  // namespace millrace
