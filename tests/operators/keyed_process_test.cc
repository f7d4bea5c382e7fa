// Keyed process functions: state of every kind, timers of both domains and two inputs against a naive model.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/keyed_process_operator.h"
#include "millrace/testing/harness.h"
#include "tests/operators/keyed_program.h"
#include "tests/support/drawn_input.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

/// How often the drawn input got into the corners.
struct Corners {
  std::uint64_t sequences = 0;
  std::uint64_t late_records = 0;  // at or behind the watermark
  std::uint64_t past_timers =
      0;  // registered at or behind the watermark, fired with its next advance
  std::uint64_t past_clocks = 0;     // the same by the clock
  std::uint64_t past_forgotten = 0;  // registered behind the watermark and deleted before it moved
  std::uint64_t at_end = 0;          // fired by the end of input
  std::uint64_t ties = 0;            // two keys' timers of one time
};

/// Drawn records, watermarks and clocks through the function and its model, compared call by call.
template <bool kTwo>
class Run {
 public:
  Run(Random* random, Corners* corners) : random_(*random), corners_(*corners) {
    if (random_.Chance(0.5)) harness_.SetStepRows(random_.Between(1, 3));
    model_.clock = harness_.Now().millis();
  }
  void All() {
    using Kind = test_support::DrawnInput::Kind;
    ++corners_.sequences;
    test_support::DrawnInput input(&random_, 20, 0, model_.clock, 0.4);
    for (int i = 0;; ++i) {
      const auto step = input.Next();
      if (step.kind == Kind::kRecords) {
        Push(step.records);
      } else if (step.kind == Kind::kWatermark) {
        harness_.Watermark(testing::At(step.to));
        FollowWatermark(step.to);
      } else if (step.kind == Kind::kClock) {
        harness_.ProcessingTime(testing::At(step.to));
        FollowClock(step.to);
      } else {
        harness_.Close();
        FollowWatermark(INT64_MAX);  // timers of the clock do not fire
      }
      CompareRest();
      if (::testing::Test::HasFailure()) FAIL() << "in step " << i;
      if (step.kind == Kind::kEnd) break;
    }
    EXPECT_EQ(harness_.Counters().in.value(), static_cast<std::uint64_t>(records_));
    EXPECT_EQ(harness_.Counters().late.value(), 0u);
  }

 private:
  struct Pipeline {
    auto operator()(DataStream<Command> in) const {
      return std::move(in).KeyBy(KeyOfCommand{}).Process("process", OneInput{});
    }
    auto operator()(DataStream<Command> first, DataStream<Command> second) const {
      return std::move(first)
          .KeyBy(KeyOfCommand{})
          .Connect(std::move(second).KeyBy(KeyOfCommand{}))
          .Process("process", TwoInputs{});
    }
  };
  using Harness = test_support::Batched<
      std::conditional_t<kTwo, testing::KeyedOperatorHarness<std::string, Call, Command, Command>,
                         testing::KeyedOperatorHarness<std::string, Call, Command>>>;

  void Push(const std::vector<test_support::DrawnInput::Record>& records) {
    const bool second = kTwo && random_.Chance(0.5);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < records.size(); ++i)
      texts.push_back("text with more than fifteen letters " + std::to_string(records_++));
    std::vector<Command> commands;
    std::vector<EventTime> times;
    std::vector<Call> want;
    for (const auto& r : records) {
      const std::int64_t watermark = model_.watermark;
      const bool around_record = watermark == INT64_MIN || random_.Chance(0.3);
      Command c = DrawCommand(random_, "a key " + std::to_string(r.key),
                              around_record ? r.time : watermark, &model_);
      std::string& text = texts[commands.size()];
      Count(c, r.time);
      want.push_back(model_.Push(second ? "2" : "1", c, text, r.time));
      c.text = String::View(text);
      commands.push_back(c);
      times.push_back(EventTime::FromMillis(r.time));
    }
    if (second) {
      harness_.template PushRows<kTwo ? 1 : 0>(commands, times);
    } else {
      harness_.template PushRows<0>(commands, times);
    }
    for (std::string& text : texts) std::fill(text.begin(), text.end(), '#');
    Take();
    EXPECT_EQ(calls_, want);
    at_ = calls_.size();
  }
  void Count(const Command& c, std::int64_t time) {
    if (time <= model_.watermark) ++corners_.late_records;
    if (c.what == kTimer && c.a <= model_.watermark) ++corners_.past_timers;
    if (c.what == kClock && c.a <= model_.clock) ++corners_.past_clocks;
    if (c.what == kNoTimer && c.a <= model_.watermark &&
        model_.TimersOf(true, c.key).count(c.a) > 0)
      ++corners_.past_forgotten;
  }

  void FollowWatermark(std::int64_t to) {
    const bool advances = to > model_.watermark || to == INT64_MAX;  // the same again fires nothing
    model_.watermark = to;
    Take();
    while (advances) {
      const auto due = model_.Earliest(true, to);
      if (!due) break;
      if (!Fires(true, *due)) return;
      if (to == INT64_MAX) ++corners_.at_end;
    }
  }
  void FollowClock(std::int64_t to) {
    Take();
    while (const auto due = model_.Earliest(false, to)) {
      model_.clock = std::max(model_.clock, *due);  // the clock stops at each
      if (!Fires(false, *due)) return;
    }
    model_.clock = to;
  }
  /// The next call is of a timer that is due then: of one time it may be any key's.
  bool Fires(bool event, std::int64_t due) {
    if (at_ == calls_.size()) {
      ADD_FAILURE() << "a timer due at " << due << " has not fired";
      return false;
    }
    const Call& call = calls_[at_++];
    if (call.due != due || model_.TimersOf(event, call.key).count(due) == 0) {
      ADD_FAILURE() << call << " where a timer due at " << due << " was expected";
      return false;
    }
    EXPECT_EQ(call, model_.Fire(event, call.key, due));
    if (model_.Earliest(event, due) == due) ++corners_.ties;
    return true;
  }

  void Take() {
    calls_.clear();
    at_ = 0;
    for (auto& [call, time] : harness_.TakeOutputs()) {
      EXPECT_EQ(time.millis(), call.time) << call;
      calls_.push_back(std::move(call));
    }
  }
  /// Nothing more has happened than what was followed.
  void CompareRest() {
    if (at_ < calls_.size()) ADD_FAILURE() << "too much: " << calls_[at_];
    std::vector<std::pair<std::string, std::int64_t>> told, want;
    for (const auto& [key, time] : harness_.TakeSideOutput(OutputTag<std::string>{"told"}))
      told.emplace_back(key, time.millis());
    for (const Call& call : calls_) {
      if (call.what == "event" || call.what == "clock") want.emplace_back(call.key, call.time);
    }
    EXPECT_EQ(told, want);
    EXPECT_EQ(harness_.StateRows(), model_.rows());
    EXPECT_EQ(Sorted(harness_.EventTimers()), model_.Timers(true));
    EXPECT_EQ(Sorted(harness_.ProcessingTimers()), model_.Timers(false));
  }
  static auto Sorted(const std::vector<Timer<std::string>>& timers) {
    std::vector<std::pair<std::int64_t, std::string>> sorted;
    for (const auto& t : timers) sorted.emplace_back(t.time.millis(), t.key);
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

  Random& random_;
  Corners& corners_;
  Harness harness_{Pipeline{}};
  ProgramModel model_;
  std::vector<Call> calls_;
  std::size_t at_ = 0;  // calls that were followed
  std::int64_t records_ = 0;
};

template <bool kTwo>
void CompareAll(std::uint64_t first, std::uint64_t count) {
  Corners corners;
  for (const std::uint64_t seed : test_support::Seeds(first, count)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Run<kTwo>(&random, &corners).All();
  }
  if (!test_support::AllSeeds()) return;
  for (const std::uint64_t corner : {corners.late_records, corners.past_timers, corners.past_clocks,
                                     corners.past_forgotten, corners.at_end, corners.ties})
    EXPECT_GT(corner, corners.sequences / 20);
}

TEST(KeyedProcess, StatesAndTimersEqualTheModel) {
  CompareAll<false>(1, 1500);
}

TEST(KeyedProcess, TwoInputsEqualTheModel) {
  CompareAll<true>(5001, 1500);
}

struct Itself {
  const std::int64_t& operator()(const std::int64_t& v) const { return v; }
};
struct NoOnTimer : KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  void ProcessElement(const std::int64_t&, Context& ctx, Collector<std::int64_t>&) {
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(1));
  }
};

struct EagerWriter : KeyedProcessFunction<std::string, Command, std::string> {
  ValueState<std::int64_t> state{this, "state"};
  void Open(const FunctionContext&) { state.Update(1); }
  void ProcessElement(const Command&, Context&, Collector<std::string>&) {}
};

struct Short {
  std::int64_t key = 0;
  String text;
};
MILLRACE_RECORD(Short, key, text);
struct Long {
  std::int64_t key = 0, first = 0, second = 0;
  String before, text;
};
MILLRACE_RECORD(Long, key, first, second, before, text);

/// Views of a value that has been cleared go into another state, whose block is perhaps the same, and out.
struct MovesOn : KeyedProcessFunction<std::int64_t, Short, std::string> {
  ValueState<Short> now{this, "now"};
  ValueState<Long> past{this, "past"};
  void ProcessElement(const Short& record, Context&, auto& out) {
    const Short was = now.Get();
    const Long older = past.Get();
    now.Clear();
    past.Clear();
    now.Update(record);
    past.Update({record.key, 1, 2, older.text, was.text});
    out.Emit(past.Get().before.str() + "|" + past.Get().text.str() + "|" + now.Get().text.str());
  }
};

TEST(KeyedProcess, ViewsOfAClearedValueAreGoodUntilTheCallEnds) {
  auto harness = testing::KeyedProcessHarness(&Short::key, MovesOn{});
  std::string older, was;
  for (int i = 0; i < 40; ++i) {
    const std::string text =
        std::string(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26)) + "!";
    harness.Push({7, String::View(text)});
    EXPECT_EQ(harness.TakeRecords(), std::vector<std::string>{older + "|" + was + "|" + text});
    older = was;
    was = text;
  }
}

TEST(KeyedProcess, StateInOpenIsAnErrorThatSaysSo) {
  const Status status = testing::StatusOf(
      [] { auto h = testing::KeyedProcessHarness(&Command::key, EagerWriter{}); });
  EXPECT_NE(status.message().find("there is no key at hand"), std::string::npos)
      << status.message();
}

TEST(KeyedProcess, ATimerWithoutOnTimerIsAnErrorThatSaysSo) {
  auto harness = testing::KeyedProcessHarness(Itself{}, NoOnTimer{});
  try {
    harness.Push(7);
    FAIL() << "nothing was thrown";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("has no OnTimer"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find('7'), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace millrace
