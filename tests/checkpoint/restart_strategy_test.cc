#include "runtime/checkpoint/restore/restart_strategy.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Kind = RestartSettings::Kind;
constexpr std::int64_t kSecond = RestartSettings::kSecond;

RestartSettings Of(Kind kind) {
  RestartSettings settings;
  settings.kind = kind;
  settings.exponential.jitter = 0;
  return settings;
}

TEST(RestartStrategy, NoneGivesUpAtOnce) {
  for (const Kind kind : {Kind::kNone, Kind::kDefault}) {
    RestartStrategy strategy(Of(kind), 1);
    EXPECT_EQ(strategy.OnFailure(0), std::nullopt);
    EXPECT_NE(strategy.why().find("restart-strategy.type=none"), std::string::npos);
  }
}

TEST(RestartStrategy, FixedDelayHasSoManyAttempts) {
  RestartSettings settings = Of(Kind::kFixedDelay);
  settings.fixed.attempts = 2;
  settings.fixed.delay_nanos = 7;
  RestartStrategy strategy(settings, 1);
  EXPECT_EQ(strategy.OnFailure(0), 7);
  EXPECT_EQ(strategy.OnFailure(1000 * kSecond), 7);
  EXPECT_EQ(strategy.OnFailure(2000 * kSecond), std::nullopt);
  EXPECT_EQ(strategy.why(), "2 restarts were allowed (restart-strategy.fixed-delay.attempts)");
}

TEST(RestartStrategy, FailureRateForgetsOldFailures) {
  RestartSettings settings = Of(Kind::kFailureRate);
  settings.rate.max_failures = 2;
  settings.rate.interval_nanos = 10;
  settings.rate.delay_nanos = 3;
  RestartStrategy strategy(settings, 1);
  EXPECT_EQ(strategy.OnFailure(0), 3);
  EXPECT_EQ(strategy.OnFailure(5), 3);
  EXPECT_EQ(strategy.OnFailure(11), 3) << "the first is out of the interval";
  EXPECT_EQ(strategy.OnFailure(15), std::nullopt) << "those at 5, 11 and 15 are within 10";
}

TEST(RestartStrategy, ExponentialDelayGrowsToItsMostAndBeginsAnewAfterAQuietTime) {
  RestartSettings settings = Of(Kind::kExponentialDelay);
  settings.exponential.initial_nanos = 100;
  settings.exponential.multiplier = 2;
  settings.exponential.max_nanos = 500;
  settings.exponential.reset_nanos = 1000;
  RestartStrategy strategy(settings, 1);
  std::int64_t now = 0;
  for (const std::int64_t expected : {100, 200, 400, 500, 500}) {
    const auto delay = strategy.OnFailure(now);
    ASSERT_EQ(delay, expected);
    now += *delay + 999;  // it has run, but not long enough
  }
  EXPECT_EQ(strategy.OnFailure(now + 1), 100);
}

TEST(RestartStrategy, ExponentialDelayCountsAttemptsBetweenQuietTimes) {
  RestartSettings settings = Of(Kind::kExponentialDelay);
  settings.exponential.initial_nanos = 10;
  settings.exponential.reset_nanos = 1000;
  settings.exponential.attempts = 1;
  RestartStrategy strategy(settings, 1);
  EXPECT_EQ(strategy.OnFailure(0), 10);
  EXPECT_EQ(strategy.OnFailure(1010), 10) << "a quiet time lies between";
  EXPECT_EQ(strategy.OnFailure(1500), std::nullopt);
}

TEST(RestartStrategy, JitterStaysWithinItsFactor) {
  RestartSettings settings = Of(Kind::kExponentialDelay);
  settings.exponential.initial_nanos = settings.exponential.max_nanos = 1000;
  settings.exponential.jitter = 0.25;
  settings.exponential.max_nanos = 100000;
  std::int64_t low = INT64_MAX, high = 0;
  for (std::uint64_t seed = 1; seed < 500; ++seed) {
    RestartStrategy strategy(settings, seed);
    const std::int64_t delay = *strategy.OnFailure(0);
    low = std::min(low, delay);
    high = std::max(high, delay);
  }
  EXPECT_GE(low, 750);
  EXPECT_LT(low, 800);
  EXPECT_LE(high, 1250);
  EXPECT_GT(high, 1200);
}

}  // namespace
}  // namespace millrace
