// Whole jobs with process functions: what needs a plan, edges and a cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "millrace/millrace.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Visit {
  std::string user;
  std::int64_t time = 0;
  std::int64_t amount = 0;
};
MILLRACE_RECORD(Visit, user, time, amount);

std::vector<Visit> Visits(int n) {
  std::vector<Visit> visits;
  for (int i = 0; i < n; ++i) visits.push_back({"user " + std::to_string(i % 7), i * 1000, i});
  return visits;
}
auto Times() {
  return WatermarkStrategy<Visit>::Monotonous().WithTimestamp([](const Visit& v) { return v.time; },
                                                              Unit::kMilliseconds);
}

struct SplitOdd : ProcessFunction<Visit, Visit> {
  SideOutput<std::int64_t> odd{this, "odd"};
  void ProcessElement(const Visit& v, Context& ctx, Collector<Visit>& out) {
    EXPECT_EQ(ctx.Timestamp().millis(), v.time);
    if (v.amount % 2 != 0) {
      odd.Emit(v.amount);
    } else {
      out.Emit(v);
    }
  }
};

struct Total : KeyedCoProcessFunction<std::string, Visit, Visit, Visit> {
  ValueState<std::int64_t> sum{this, "sum"};
  void ProcessElement1(const Visit& v, Context& ctx, Collector<Visit>&) { Add(v.amount, ctx); }
  void ProcessElement2(const Visit& v, Context& ctx, Collector<Visit>&) {
    Add(1000 * v.amount, ctx);
  }
  void Add(std::int64_t amount, Context& ctx) {
    sum.Mutable() += amount;
    ctx.RegisterEventTimeTimer(EventTime::Max());
  }
  void OnTimer(EventTime, Context& ctx, Collector<Visit>& out) {
    out.Emit({ctx.Key(), 0, sum.Get()});
  }
};

class ProcessJob : public ::testing::TestWithParam<std::string> {
 protected:
  void Prepare(StreamEnvironment& env) {
    env.SetOption("driver", GetParam());
    env.SetParallelism(GetParam() == "seeded" ? 3 : 2);
  }
};

TEST_P(ProcessJob, SideOutputWithATagOfOtherRecordsIsAnErrorOfThePlan) {
  StreamEnvironment env;
  Prepare(env);
  auto even = env.FromCollection("visits", Visits(10), Times()).Process("split", SplitOdd{});
  even.SideOutput(OutputTag<std::string>{"odd"}).Print();
  const Status status = env.Run("job").status;
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.ToString().find("side output 'odd' of operator 'split' has records int64"),
            std::string::npos)
      << status.ToString();
}

TEST_P(ProcessJob, SideOutputsAndTwoInputs) {
  StreamEnvironment env;
  Prepare(env);
  auto visits = env.FromCollection("visits", Visits(100), Times());
  auto even = visits.Process("split", SplitOdd{});
  CollectSink<std::int64_t> odd;
  even.SideOutput(OutputTag<std::int64_t>{"odd"}).SinkTo("odd", odd);
  CollectSink<Visit> totals;
  even.KeyBy(&Visit::user)
      .Connect(visits.KeyBy(&Visit::user))
      .Process("total", Total{})
      .SinkTo("totals", totals);
  const JobResult result = env.Run("job");
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  std::vector<std::int64_t> got = odd.Take(), want;
  std::sort(got.begin(), got.end());
  for (int i = 1; i < 100; i += 2) want.push_back(i);
  EXPECT_EQ(got, want);
  std::vector<std::pair<std::string, std::int64_t>> sums, expected;
  for (const Visit& v : totals.rows()) sums.emplace_back(v.user, v.amount);
  for (int u = 0; u < 7; ++u) {
    std::int64_t sum = 0;
    for (int i = u; i < 100; i += 7) sum += 1000 * i + (i % 2 == 0 ? i : 0);
    expected.emplace_back("user " + std::to_string(u), sum);
  }
  std::sort(sums.begin(), sums.end());
  EXPECT_EQ(sums, expected);
}

TEST_P(ProcessJob, TimestampsInMidStreamAndSessions) {
  StreamEnvironment env;
  Prepare(env);
  // No event time at the source: all of it comes from the middle.
  auto result = env.FromCollection("visits", Visits(70))
                    .Filter([](const Visit& v) { return v.time != 35000; })
                    .AssignTimestampsAndWatermarks(Times())
                    .KeyBy([](const Visit&) { return 0; })
                    .Window(SessionEventTime(1500ms))
                    .Aggregate("sessions", Count())
                    .Map([](const auto& r) {
                      return r.window.end.millis() - r.window.start.millis() + r.value;
                    })
                    .ExecuteAndCollect();
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  std::vector<std::int64_t> got = result.value();
  std::sort(got.begin(), got.end());
  // 0..34 s and 36..69 s, each with the gap behind it.
  EXPECT_EQ(got, (std::vector<std::int64_t>{33000 + 1500 + 34, 34000 + 1500 + 35}));
}

/// Each key tells at the end which numbers its subtask knows.
struct Known : KeyedBroadcastProcessFunction<std::string, Visit, std::int64_t, std::string> {
  BroadcastState<std::int64_t, std::int64_t> numbers{this, "numbers"};
  ValueState<std::int64_t> visits{this, "visits"};
  void ProcessElement(const Visit&, Context& ctx, Collector<std::string>&) {
    ++visits.Mutable();
    ctx.RegisterEventTimeTimer(EventTime::Max());
  }
  void ProcessBroadcastElement(const std::int64_t& n, BroadcastContext& ctx,
                               Collector<std::string>&) {
    ctx.Write(numbers).Put(n % 10, n);
  }
  void OnTimer(EventTime, Context& ctx, Collector<std::string>& out) {
    std::int64_t sum = 0;
    numbers.ForEach([&](std::int64_t, std::int64_t n) { sum += n; });
    out.Emit(ctx.Key() + " " + std::to_string(visits.Get()) + " " + std::to_string(sum));
  }
};

TEST_P(ProcessJob, BroadcastStateIsTheSameInAllSubtasks) {
  StreamEnvironment env;
  Prepare(env);
  std::vector<std::int64_t> numbers(100);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
  auto known = env.FromCollection("visits", Visits(70), Times())
                   .KeyBy(&Visit::user)
                   .Connect(env.FromCollection("numbers", numbers).Parallelism(1).Broadcast())
                   .Process("known", Known{})
                   .ExecuteAndCollect();
  ASSERT_TRUE(known.ok()) << known.status();
  std::vector<std::string> want;
  // Of each last digit the largest number is left: the sum of 90 to 99.
  for (int u = 0; u < 7; ++u) want.push_back("user " + std::to_string(u) + " 10 945");
  std::vector<std::string> got = known.value();
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, want);
}

/// Passes on numbers, and tells each broadcast one as a negative.
struct Lookup : BroadcastProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  BroadcastState<std::int64_t, std::int64_t> known{this, "known"};
  void ProcessElement(std::int64_t n, Context&, Collector<std::int64_t>& out) {
    const std::int64_t* found = known.Get(n);
    out.Emit(found == nullptr ? n : *found);
  }
  void ProcessBroadcastElement(const std::int64_t& n, BroadcastContext& ctx,
                               Collector<std::int64_t>& out) {
    ctx.Write(known).Put(n, n);
    out.Emit(-n);
  }
};

TEST_P(ProcessJob, ABroadcastStreamWithoutKeyGoesToEverySubtaskAndUnionsDoToo) {
  StreamEnvironment env;
  Prepare(env);
  auto numbers = env.FromCollection("numbers", std::vector<std::int64_t>{1, 2, 3});
  auto more = env.FromCollection("more", std::vector<std::int64_t>{4, 5});
  auto out = numbers.Union(more)
                 .Connect(numbers.Union(more).Broadcast())
                 .Process("lookup", Lookup{})
                 .ExecuteAndCollect();
  ASSERT_TRUE(out.ok()) << out.status();
  std::vector<std::int64_t> got = out.value(), want{1, 2, 3, 4, 5};
  const int subtasks = GetParam() == "seeded" ? 3 : 2;
  for (int s = 0; s < subtasks; ++s)
    for (std::int64_t n = 1; n <= 5; ++n) want.push_back(-n);
  std::sort(got.begin(), got.end());
  std::sort(want.begin(), want.end());
  EXPECT_EQ(got, want);
}

TEST_P(ProcessJob, TwoStatesOfOneNameAreAnErrorOfThePlan) {
  struct Twice : KeyedProcessFunction<std::string, Visit, Visit> {
    ValueState<int> a{this, "same"};
    ValueState<int> b{this, "same"};
    void ProcessElement(const Visit&, Context&, Collector<Visit>&) {}
  };
  StreamEnvironment env;
  Prepare(env);
  env.FromCollection("visits", Visits(1))
      .KeyBy(&Visit::user)
      .Process("twice", Twice{})
      .SinkTo("out", BlackholeSink{});
  const JobResult result = env.Run("job");
  ASSERT_FALSE(result.status.ok());
  EXPECT_NE(result.status.message().find("two states named 'same'"), std::string::npos)
      << result.status.message();
}

struct PassOn : ProcessFunction<int, int> {
  void ProcessElement(int n, Context&, Collector<int>& out) { out.Emit(n); }
};

// A task that ends has operators in a chain which are not done yet, one further down than the one that is just done.
TEST(ProcessChain, TheEndWaitsForWhatIsStillBetweenTheOperators) {
  for (const std::uint64_t seed : test_support::Seeds(1, 100)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StreamEnvironment env;
    env.SetOption("driver", "seeded");
    env.SetOption("seed", std::to_string(seed));
    auto passed = env.FromCollection("numbers", std::vector<int>(100, 1))
                      .Process("one", PassOn{})
                      .Process("two", PassOn{})
                      .Process("three", PassOn{})
                      .Process("four", PassOn{})
                      .ExecuteAndCollect();
    ASSERT_TRUE(passed.ok()) << passed.status();
    ASSERT_EQ(passed.value().size(), 100u);
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, ProcessJob, ::testing::Values("threads", "seeded"),
                         [](const auto& i) { return i.param; });

}  // namespace
}  // namespace millrace
