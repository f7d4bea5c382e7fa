// The test kit's harnesses: each kind, timers, side outputs, lateness, sizes of state, errors.
#include "millrace/testing/harness.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "millrace/testing/testing.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::At;

struct Event {
  std::string key;
  std::int64_t amount = 0;
};
MILLRACE_RECORD(Event, key, amount);

/// Emits a key's sum when it was silent for 10 s of event time; rejects negative amounts.
struct SumUntilSilence : KeyedProcessFunction<std::string, Event, Event> {
  ValueState<std::int64_t> sum{this, "sum"};
  ValueState<EventTime> due{this, "due"};
  SideOutput<Event> rejected{this, "rejected"};
  void ProcessElement(const Event& e, Context& ctx, Collector<Event>&) {
    if (e.amount < 0) return rejected.Emit(e);
    if (e.amount == 13) throw std::runtime_error("unlucky");
    sum.Mutable() += e.amount;
    if (due.Has()) ctx.DeleteEventTimeTimer(due.Get());
    due.Update(ctx.Timestamp() + 10s);
    ctx.RegisterEventTimeTimer(due.Get());
  }
  void OnTimer(EventTime, Context& ctx, Collector<Event>& out) {
    out.Emit({ctx.Key(), sum.Get()});
    sum.Clear();
    due.Clear();
  }
};

TEST(KeyedProcessHarness, OutputsTimersAndSizesAreRead) {
  auto h = testing::KeyedProcessHarness(&Event::key, SumUntilSilence{});
  EXPECT_EQ(h.StateRows(), 0u);
  h.Push({"a", 1}, At(1000));
  h.Push({"b", 5}, At(2000));
  h.Push({"a", 2}, At(3000));
  EXPECT_TRUE(h.Outputs().empty());
  EXPECT_EQ(h.StateRows(), 2u);
  EXPECT_GT(h.StateBytes(), 0);
  const auto timers = h.EventTimers();  // the deleted one of "a" is not among them
  ASSERT_EQ(timers.size(), 2u);
  EXPECT_EQ(timers[0].key, "b");
  EXPECT_EQ(timers[0].time, At(12000));
  EXPECT_EQ(timers[1].key, "a");
  EXPECT_TRUE(h.ProcessingTimers().empty());
  h.Watermark(At(12999));
  ASSERT_EQ(h.Outputs().size(), 1u);
  EXPECT_EQ(h.Outputs()[0].record.key, "b");
  EXPECT_EQ(h.Outputs()[0].time, At(12000));
  EXPECT_EQ(h.StateRows(), 1u);
  h.TakeOutputs();
  h.Close();
  const auto rest = h.TakeRecords();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].amount, 3);
  EXPECT_EQ(h.StateRows(), 0u);
}

TEST(KeyedProcessHarness, SideOutputsAreReadByTag) {
  auto h = testing::KeyedProcessHarness(&Event::key, SumUntilSilence{});
  const OutputTag<Event> rejected{"rejected"};
  for (int i = 0; i < 1000; ++i) h.Push({"a", -i - 1}, At(i));
  ASSERT_EQ(h.SideOutput(rejected).size(), 1000u);
  EXPECT_EQ(h.SideOutput(rejected)[999].record.amount, -1000);
  EXPECT_EQ(h.TakeSideOutput(rejected)[5].time, At(5));
  EXPECT_TRUE(h.SideOutput(rejected).empty());
  EXPECT_THROW(h.SideOutput(OutputTag<Event>{"reject"}), testing::HarnessMisuse);
  EXPECT_THROW(h.SideOutput(OutputTag<std::string>{"rejected"}), testing::HarnessMisuse);
}

TEST(KeyedProcessHarness, AThrowingFunctionGivesTheMessageOfTheJob) {
  auto h = testing::KeyedProcessHarness(&Event::key, SumUntilSilence{}, "sums");
  const Status status = testing::StatusOf([&] { h.Push({"a", 13}, At(1)); });
  EXPECT_EQ(status.code(), StatusCode::kAborted);
  const Result<std::vector<Event>> job =
      testing::TestCluster::Seeded(1).Collect([](StreamEnvironment& env) {
        return env.FromCollection("events", std::vector<Event>{{"a", 13}})
            .KeyBy(&Event::key)
            .Process("sums", SumUntilSilence{});
      });
  ASSERT_FALSE(job.ok());
  const std::string want = "std::runtime_error: unlucky in step 'sums', record ";
  EXPECT_NE(status.message().find(want), std::string::npos) << status.message();
  EXPECT_NE(job.status().message().find(status.message().substr(status.message().find(want))),
            std::string::npos)
      << job.status().message();
  EXPECT_EQ(status.message().rfind("operator 'sums', subtask 0: ", 0), 0u) << status.message();
  // Dead, as in a job.
  EXPECT_EQ(testing::StatusOf([&] { h.Push({"a", 1}, At(2)); }).message(), status.message());
}

TEST(Harness, MistakesOfThePlanAndOfTheTestAreNamed) {
  struct Twice : KeyedProcessFunction<std::string, Event, Event> {
    ValueState<std::int64_t> a{this, "same"}, b{this, "same"};
    void ProcessElement(const Event&, Context&, Collector<Event>&) {}
  };
  const Status twice =
      testing::StatusOf([] { testing::KeyedProcessHarness(&Event::key, Twice{}); });
  EXPECT_NE(twice.message().find("plan the job: 'process' has two states named 'same'"),
            std::string::npos)
      << twice.message();
  const Status window = testing::StatusOf(
      [] { testing::WindowHarness<Event>(&Event::key, TumblingEventTime(0s), Count()); });
  EXPECT_NE(window.message().find("the size is 0 ms (allowed: 1 ms to 10,000 years"),
            std::string::npos)
      << window.message();
  const Status two = testing::StatusOf([] {
    testing::Harness<Event>([](DataStream<Event> in) {
      return std::move(in)
          .Map([](const Event& e) { return e; })
          .KeyBy(&Event::key)
          .Aggregate("count", Count());
    });
  });
  EXPECT_NE(two.message().find("this pipeline has 2"), std::string::npos) << two.message();

  auto h = testing::MapHarness<int>([](int n) { return n; });
  h.Watermark(At(5));
  EXPECT_THROW(h.Watermark(At(4)), testing::HarnessMisuse);
  EXPECT_THROW(h.ProcessingTime(At(0)), testing::HarnessMisuse);
  EXPECT_THROW(h.Timers<int>(TimeDomain::kEventTime), testing::HarnessMisuse);
  h.Push(3);  // a mistake of the test has changed nothing
  h.Close();
  EXPECT_THROW(h.Push(3), testing::HarnessMisuse);
  EXPECT_EQ(h.TakeRecords(), std::vector<int>{3});
}

TEST(MapHarness, StatelessStepsKeepTheTime) {
  auto doubled = testing::MapHarness<int>([](int n) { return n * 2.5; });
  doubled.Push(3, At(7));
  ASSERT_EQ(doubled.Outputs().size(), 1u);
  EXPECT_EQ(doubled.Outputs()[0].record, 7.5);
  EXPECT_EQ(doubled.Outputs()[0].time, At(7));

  auto odd = testing::FilterHarness<int>([](int n) { return n % 2 != 0; });
  for (int n = 0; n < 5; ++n) odd.Push(n);
  EXPECT_EQ(odd.TakeRecords(), (std::vector<int>{1, 3}));
  EXPECT_EQ(odd.Counters().filtered.value(), 3u);

  auto letters = testing::FlatMapHarness<std::string>(
      [](const std::string& word, Collector<std::string>& out) {
        for (const char c : word) out.Emit(std::string(20, c));
      });
  letters.Push("ab");
  EXPECT_EQ(letters.TakeRecords(),
            (std::vector<std::string>{std::string(20, 'a'), std::string(20, 'b')}));
  auto generic = testing::FlatMapHarness<int, int>([](int n, auto& out) { out.Emit(n); });
  generic.Push(4);
  EXPECT_EQ(generic.TakeRecords(), std::vector<int>{4});
}

TEST(MapHarness, AThrowingFunctionNamesTheStepAndTheRecord) {
  auto h = testing::MapHarness<int>(
      [](int n) -> int { throw std::invalid_argument("no " + std::to_string(n)); });
  EXPECT_EQ(testing::StatusOf([&] { h.Push(8); }).message(),
            "operator 'Map', subtask 0: std::invalid_argument: no 8 in step 'Map', record 8");
}

TEST(ProcessHarness, SeesTheClockAndTheWatermark) {
  struct Look : ProcessFunction<int, std::int64_t> {
    SideOutput<int> seen{this, "seen"};
    void ProcessElement(const int& n, Context& ctx, Collector<std::int64_t>& out) {
      seen.Emit(n);
      out.Emit(ctx.CurrentProcessingTime().millis());
      out.Emit(ctx.CurrentWatermark().millis());
    }
  };
  auto h = testing::ProcessHarness(Look{});
  const std::int64_t start = h.Now().millis();
  h.ProcessingTime(250ms);
  h.Watermark(At(40));
  h.Push(1, At(50));
  EXPECT_EQ(h.TakeRecords(), (std::vector<std::int64_t>{start + 250, 40}));
  EXPECT_EQ(h.SideOutput(OutputTag<int>{"seen"}).size(), 1u);
}

TEST(KeyedCoProcessHarness, BothInputsShareTheState) {
  struct Join : KeyedCoProcessFunction<std::string, Event, std::string, std::string> {
    ValueState<std::int64_t> amount{this, "amount"};
    void ProcessElement1(const Event& e, Context&, Collector<std::string>&) {
      amount.Update(e.amount);
    }
    void ProcessElement2(const std::string& name, Context&, Collector<std::string>& out) {
      out.Emit(name + " " + std::to_string(amount.Get()));
    }
  };
  auto h =
      testing::KeyedCoProcessHarness(&Event::key, [](const std::string& s) { return s; }, Join{});
  h.PushTo<0>({"a", 4}, At(1));
  h.PushTo<1>("a", At(2));
  h.PushTo<1>("b", At(3));
  EXPECT_EQ(h.TakeRecords(), (std::vector<std::string>{"a 4", "b 0"}));
  EXPECT_EQ(h.StateRows(), 1u);
  EXPECT_TRUE(h.EventTimers().empty());
}

TEST(WindowHarness, AWindowFiresAtItsLastMillisecond) {
  auto h = testing::WindowHarness<Event>(&Event::key, TumblingEventTime(1s), Sum(&Event::amount));
  h.Push({"a", 2}, At(0));
  h.Push({"a", 3}, At(999));
  h.Push({"a", 4}, At(1000));
  EXPECT_EQ(h.StateRows(), 2u);  // two windows of one key
  h.Watermark(At(998));
  EXPECT_TRUE(h.Outputs().empty());
  h.Watermark(At(999));
  ASSERT_EQ(h.Outputs().size(), 1u);
  EXPECT_EQ(h.Outputs()[0].record.value, 5);
  EXPECT_EQ(h.Outputs()[0].time, At(999));
  EXPECT_EQ(h.StateRows(), 1u);
  h.Push({"a", 9}, At(500));
  EXPECT_EQ(h.Counters().late.value(), 1u);
}

TEST(WindowHarness, AllowedLatenessAndLateRecords) {
  const OutputTag<Event> late{"late"};
  auto h = testing::Harness<Event>([&](DataStream<Event> in) {
    return std::move(in)
        .KeyBy(&Event::key)
        .Window(TumblingEventTime(1s))
        .AllowedLateness(500ms)
        .SideOutputLate(late)
        .Aggregate("sums", Sum(&Event::amount));
  });
  h.Push({"a", 2}, At(0));
  h.Watermark(At(1200));
  h.Push({"a", 3}, At(100));  // late but allowed: the window fires again
  ASSERT_EQ(h.Outputs().size(), 2u);
  EXPECT_EQ(h.Outputs()[1].record.value, 5);
  h.Watermark(At(1499));
  h.Push({"a", 7}, At(200));
  EXPECT_EQ(h.Outputs().size(), 2u);
  ASSERT_EQ(h.SideOutput(late).size(), 1u);
  EXPECT_EQ(h.SideOutput(late)[0].record.amount, 7);
  EXPECT_EQ(h.SideOutput(late)[0].time, At(200));
}

TEST(WindowHarness, EveryKindOfWindowAndAWindowFunction) {
  const auto text = [](const std::string& key, const Window& w, const std::int64_t& sum,
                       Collector<std::string>& out) {
    out.Emit(key + " " + std::to_string(w.start.millis()) + " " + std::to_string(sum));
  };
  auto sliding = testing::WindowHarness<Event>(&Event::key, SlidingEventTime(2s, 1s),
                                               Sum(&Event::amount), text);
  sliding.SetStepRows(1);
  sliding.Push({"a", 1}, At(1500));
  EXPECT_EQ(sliding.StateRows(), 1u);
  sliding.Close();
  EXPECT_EQ(sliding.TakeRecords(), (std::vector<std::string>{"a 0 1", "a 1000 1"}));

  auto session =
      testing::WindowHarness<Event>(&Event::key, SessionEventTime(1s), Sum(&Event::amount), text);
  session.Push({"a", 1}, At(0));
  session.Push({"a", 2}, At(900));
  session.Watermark(At(1899));
  EXPECT_EQ(session.TakeRecords(), (std::vector<std::string>{"a 0 3"}));
  EXPECT_EQ(session.StateRows(), 0u);

  auto count = testing::WindowHarness<Event>(&Event::key, CountWindow(2), Sum(&Event::amount));
  count.Push({"a", 1});
  EXPECT_EQ(count.StateRows(), 1u);
  count.Push({"a", 5});
  EXPECT_EQ(count.TakeRecords().at(0).value, 6);

  auto clock =
      testing::WindowHarness<Event>(&Event::key, TumblingProcessingTime(1s), Sum(&Event::amount));
  clock.Push({"a", 1});
  clock.ProcessingTime(1s);
  EXPECT_EQ(clock.TakeRecords().size(), 1u);
}

TEST(Harness, RunningAggregatesAndFusedSteps) {
  auto h = testing::Harness<Event>([](DataStream<Event> in) {
    return std::move(in)
        .KeyBy(&Event::key)
        .Aggregate("sum", Sum(&Event::amount))
        .Map([](const auto& r) { return r.value; });
  });
  h.Push({"a", 1});
  h.Push({"a", 2});
  EXPECT_EQ(h.TakeRecords(), (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(h.StateRows(), 1u);
}

/// A timer every minute that looks whether it sees its own time.
struct Beat : KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  void ProcessElement(const std::int64_t&, Context& ctx, Collector<std::int64_t>&) {
    ctx.RegisterProcessingTimeTimer(ctx.CurrentProcessingTime() + 1min);
  }
  void OnTimer(EventTime time, Context& ctx, Collector<std::int64_t>& out) {
    out.Emit((ctx.CurrentProcessingTime() - time).count());
    ctx.RegisterProcessingTimeTimer(time + 1min);
  }
};

std::int64_t CpuNanos() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

TEST(KeyedProcessHarness, SevenDaysOfTimersTakeNoTime) {
  const std::int64_t began = CpuNanos();
  auto h = testing::KeyedProcessHarness([](const std::int64_t& n) { return n; }, Beat{});
  h.Push(7);
  h.ProcessingTime(7 * 24h);
  const std::int64_t took = CpuNanos() - began;
  // Each at its own time, one a minute.
  EXPECT_EQ(h.TakeRecords(), std::vector<std::int64_t>(7 * 24 * 60, 0));
  EXPECT_EQ(h.ProcessingTimers().size(), 1u);
  EXPECT_EQ(h.ProcessingTimers()[0].time, h.Now() + 1min);
  EXPECT_LT(took, 100 * 1000000);
}

TEST(KeyedProcessHarness, TimersRegisteredInThePastFireWhenTimeMovesOn) {
  struct Past : KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
    void ProcessElement(const std::int64_t&, Context& ctx, Collector<std::int64_t>&) {
      ctx.RegisterProcessingTimeTimer(ctx.CurrentProcessingTime() - 5s);
      ctx.RegisterProcessingTimeTimer(ctx.CurrentProcessingTime() + 5s);
      ctx.DeleteProcessingTimeTimer(ctx.CurrentProcessingTime() + 5s);
    }
    void OnTimer(EventTime time, Context&, Collector<std::int64_t>& out) {
      out.Emit(time.millis());
    }
  };
  auto h = testing::KeyedProcessHarness([](const std::int64_t& n) { return n; }, Past{});
  const EventTime start = h.Now();
  h.Push(1);
  EXPECT_EQ(h.ProcessingTimers().size(), 1u);
  h.ProcessingTime(Duration(0));
  EXPECT_EQ(h.TakeRecords(), std::vector<std::int64_t>{(start - 5s).millis()});
  h.ProcessingTime(10s);
  EXPECT_TRUE(h.TakeRecords().empty());
}

struct Named {
  std::int64_t id = 0;
  String name;
};
MILLRACE_RECORD(Named, id, name);

TEST(Harness, StringsOfOutputsLiveAsLongAsTheHarness) {
  struct Tee : ProcessFunction<Named, Named> {
    SideOutput<Named> copies{this, "copies"};
    void ProcessElement(const Named& n, Context&, Collector<Named>& out) {
      copies.Emit(n);
      out.Emit(n);
    }
  };
  auto h = testing::ProcessHarness(Tee{});
  const auto name = [](std::int64_t i) {
    return "a name that is long enough " + std::to_string(i);
  };
  for (std::int64_t i = 0; i < 5000; ++i) {
    std::string bytes = name(i);
    h.Push({i, String::View(bytes)}, At(i));
  }
  const OutputTag<Named> copies{"copies"};
  const auto rows = h.TakeOutputs();
  ASSERT_EQ(rows.size(), 5000u);
  ASSERT_EQ(h.SideOutput(copies).size(), 5000u);
  for (std::int64_t i = 0; i < 5000; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ASSERT_EQ(rows[at].record.name.view(), name(i));
    ASSERT_EQ(h.SideOutput(copies)[at].record.name.view(), name(i));
  }
}

/// Counts in a state, and beside it in a member that is none.
struct Counting : KeyedProcessFunction<int, int, int> {
  ValueState<int> kept{this, "kept"};
  int lost = 0;
  void ProcessElement(int, Context&, Collector<int>& out) {
    out.Emit(++kept.Mutable());
    out.Emit(++lost);
  }
};

TEST(KeyedProcessHarness, RecoversStateAndNothingElse) {
  for (const bool on : {false, true}) {
    auto h = testing::KeyedProcessHarness([](int n) { return n; }, Counting{});
    h.SetRecovery(on);
    int lost = 0;
    for (int i = 1; i <= 400; ++i) {
      h.Push(7, testing::At(i));
      const auto counts = h.TakeRecords();
      ASSERT_EQ(counts.at(0), i);
      lost += counts.at(1) != i ? 1 : 0;
    }
    EXPECT_EQ(h.Recoveries() > 10, on) << h.Recoveries();
    EXPECT_EQ(lost > 100, on) << lost;
  }
}

}  // namespace
}  // namespace millrace
