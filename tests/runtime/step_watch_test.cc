// When a step has lasted too long, where a task's time went, how channels share the memory: decisions as tables.
#include "runtime/local/step_watch.h"

#include <gtest/gtest.h>

#include "millrace/base/random.h"
#include "runtime/local/batch_budget.h"
#include "runtime/task/task_times.h"

namespace millrace {
namespace {

constexpr std::int64_t kMs = 1000000;

/// Looks every 20 ms at a step that began at 1; the millisecond of the warning, or -1.
int WarnedAfter(int cpu_permille, bool blocked, int until_ms = 2000) {
  StepWatch watch;
  for (int ms = 20; ms <= until_ms; ms += 20) {
    if (watch.OnLook({1 + ms * kMs, 1, ms * kMs / 1000 * cpu_permille, blocked})) return ms;
  }
  return -1;
}

TEST(StepWatch, CountsWhatTheStepDoesItselfOnly) {
  EXPECT_EQ(WarnedAfter(1000, false), 120);  // it computes
  EXPECT_EQ(WarnedAfter(0, true), 120);      // it sleeps, or waits for somebody
  EXPECT_EQ(WarnedAfter(0, false), -1);      // it waits for a processor: the machine is busy
  EXPECT_EQ(WarnedAfter(250, false), 420);   // it gets a quarter of one
  EXPECT_EQ(WarnedAfter(1000, false, 100), -1);
}

TEST(StepWatch, WarnsOncePerStepAndForgetsTheLastOne) {
  StepWatch watch;
  int warnings = 0;
  for (int ms = 20; ms <= 1000; ms += 20) warnings += watch.OnLook({ms * kMs, 1, ms * kMs, false});
  EXPECT_EQ(warnings, 1);
  for (int ms = 1020; ms <= 1100; ms += 20)
    warnings += watch.OnLook({ms * kMs, 2, ms * kMs, false});  // another step, seen for 80 ms
  EXPECT_EQ(warnings, 1);
  for (int ms = 1120; ms <= 5000; ms += 20)  // steps of 40 ms, one after the other
    warnings += watch.OnLook({ms * kMs, 3 + ms / 40, ms * kMs, false});
  EXPECT_EQ(warnings, 1);
  for (int ms = 5020; ms <= 9000; ms += 20)
    warnings += watch.OnLook({ms * kMs, 0, ms * kMs, true});  // parked
  EXPECT_EQ(warnings, 1);
}

TEST(TaskTimes, SumToTheWallWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    TaskTimes times;
    std::int64_t now = static_cast<std::int64_t>(random.Uniform(1000));
    const std::int64_t begin = now;
    times.Begin(now);
    for (int i = 0; i < 100; ++i) {
      const std::int64_t began = now + static_cast<std::int64_t>(random.Uniform(50));
      now = began + static_cast<std::int64_t>(random.Uniform(50));
      times.Step(began, now, static_cast<StepResult>(random.Uniform(4)), random.Chance(0.5));
    }
    now += 77;
    times.Wait(now);
    EXPECT_EQ(
        times.busy.value() + times.idle.value() + times.blocked.value() + times.runnable.value(),
        static_cast<std::uint64_t>(now - begin));
  }
}

TEST(TaskTimes, APacedSourceIsBusyWhileItPolls) {
  TaskTimes source, other;
  for (TaskTimes* t : {&source, &other}) {
    t->Begin(0);
    t->Step(10, 30, StepResult::kIdle, t == &source);
    t->Step(100, 110, StepResult::kIdle, t == &source);
  }
  EXPECT_EQ(source.busy.value(), 30u);
  EXPECT_EQ(source.idle.value(), 70u);
  EXPECT_EQ(source.runnable.value(), 10u);
  EXPECT_EQ(other.busy.value(), 0u);
  EXPECT_EQ(other.idle.value(), 100u);
}

TEST(BatchBudget, ManyChannelsMakeSmallBatchesAndTooManyAreRefused) {
  constexpr std::int64_t kGiB = std::int64_t{1} << 30;
  const auto plan = [](std::int64_t channels, std::int64_t memory) {
    return PlanBatches({{channels, 64, {true, true}}}, memory, 512);
  };
  EXPECT_EQ(PlanBatches({}, 1 << 20, 512).value().batch_bytes, kBatchTargetBytes);
  EXPECT_EQ(plan(4, kGiB).value().batch_bytes, kBatchTargetBytes);
  EXPECT_EQ(plan(4, kGiB).value().max_dynamic, 256u * 1024);
  EXPECT_EQ(plan(65536, kGiB).value().batch_bytes, 2048u);
  EXPECT_EQ(plan(65536, kGiB).value().max_dynamic, 2048u);
  EXPECT_EQ(plan(64, 8 << 20).value().max_dynamic, 16384u);
  const auto refused = plan(4096 * 4096, kGiB);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  // What is said to be enough is enough, and a MiB less is not.
  for (const std::int64_t channels : {1, 100, 5000, 300000}) {
    const std::string message = plan(channels, 1).status().message();
    const std::size_t at = message.find("-D memory=") + 10;
    const std::int64_t least = std::stoll(message.substr(at));
    EXPECT_TRUE(plan(channels, least << 20).ok()) << message;
    EXPECT_FALSE(plan(channels, ((least - 1) << 20)).ok()) << message;
  }
}

}  // namespace
}  // namespace millrace
