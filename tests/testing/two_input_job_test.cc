// A two-input function in a whole job: two sources with watermarks of their own that drift apart, are late and idle. In
// which order records and watermarks meet is drawn by the seeded driver; whatever it is, each call must be possible, and
// must leave the state that a naive model has.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/connectors/static_splits.h"
#include "millrace/io/key.h"
#include "millrace/testing/testing.h"
#include "tests/operators/keyed_program.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

constexpr std::int64_t kNone = INT64_MIN;
constexpr std::int64_t kEver = INT64_MAX;

/// One input as it was drawn.
struct Plan {
  std::vector<Command> commands;
  std::vector<std::int64_t> waits;  // of processing time before each record, in milliseconds
  std::vector<std::int64_t> marks;  // the watermark behind so many records
  std::int64_t bound = 0;           // of out-of-orderness
  std::int64_t idle_after = 0;      // 0: never
};

/// Reads a plan and waits where it says so.
struct PlannedSource {
  using Record = Command;
  using Split = RangeSplit;
  std::shared_ptr<const Plan> plan;

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return MakeStaticSplits<Split>({{0, 0, static_cast<std::int64_t>(plan->commands.size())}},
                                   parallelism);
  }
  struct Reader {
    std::shared_ptr<const Plan> plan;
    Split split;
    const Clock* clock;
    std::int64_t due = -1;
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      for (std::uint32_t i = 0; i < max_rows && split.next < split.end; ++i) {
        const auto at = static_cast<std::size_t>(split.next);
        if (due < 0) due = clock->NowNanos() + plan->waits[at] * 1000000;
        if (clock->NowNanos() < due) return PollResult::Waiting(due);
        due = -1;
        out.Emit(plan->commands[at]);
        ++split.next;
      }
      return split.next == split.end ? PollResult::End() : PollResult::More();
    }
    Split Position() const { return split; }
  };
  Reader OpenSplit(const Split& split, const ReaderContext& context) const {
    return {plan, split, context.clock};
  }
};

/// How often the drawn jobs got into the corners.
struct Corners {
  std::uint64_t jobs = 0;
  std::uint64_t late_records = 0;  // at or behind the watermark
  std::uint64_t held_back = 0;     // the other input's watermark was the smaller one
  std::uint64_t idle = 0;          // the watermark went on because the other input was idle
  std::uint64_t past_timers = 0;   // registered at or behind the watermark
  std::uint64_t fired = 0;         // timers of event time before the end
  std::uint64_t clocks = 0;        // timers of the clock
};

/// The calls of one subtask, in their order, against the plans.
class Trace {
 public:
  Trace(const std::vector<std::shared_ptr<const Plan>>& plans, int subtask, int parallelism,
        bool single_rows, Corners* corners)
      : subtask_(subtask), parallelism_(parallelism), exact_(single_rows), corners_(*corners) {
    model_.clocks_set_events = false;
    for (const auto& plan : plans) {
      Input input{plan.get(), {}};
      for (std::size_t i = 0; i < plan->commands.size(); ++i) {
        if (Mine(plan->commands[i].key)) input.numbers.push_back(i);
      }
      inputs_.push_back(input);
    }
  }
  bool Mine(const std::string& key) const {
    return static_cast<int>(OwnerOfKeyGroup(KeyGroup(KeyHash(key)),
                                            static_cast<std::uint32_t>(parallelism_))) == subtask_;
  }

  void Accept(const Call& call) {
    ASSERT_GE(call.clock, model_.clock) << call;
    model_.clock = call.clock;
    const bool timer = call.what == "event" || call.what == "clock";
    Input* const of = timer ? nullptr : &inputs_[call.what == "1" ? 0 : 1];
    if (of != nullptr) {
      ASSERT_LT(of->seen, of->numbers.size()) << call;
    }
    ASSERT_NO_FATAL_FAILURE(AcceptWatermark(call, of));
    if (of != nullptr) {
      AcceptRecord(call, of);
    } else if (call.what == "event") {
      ASSERT_TRUE(firing_) << "the watermark has not moved: " << call;
      ASSERT_EQ(model_.Earliest(true, call.watermark), call.due) << call;
      ASSERT_EQ(model_.TimersOf(true, call.key).count(call.due), 1u) << call;
      if (call.watermark != kEver) ++corners_.fired;
      ASSERT_EQ(call, model_.Fire(true, call.key, call.due));
    } else {
      ++corners_.clocks;
      ASSERT_LE(call.due, call.clock) << call;
      ASSERT_EQ(model_.TimersOf(false, call.key).count(call.due), 1u) << call;
      ASSERT_EQ(call, model_.Fire(false, call.key, call.due));
    }
  }
  void End() {
    for (const Input& input : inputs_) EXPECT_EQ(input.seen, input.numbers.size());
    EXPECT_EQ(model_.Earliest(true, kEver), std::nullopt) << "timers have not fired";
  }

 private:
  struct Input {
    const Plan* plan;
    std::vector<std::size_t> numbers;  // of the records that come here
    std::size_t seen = 0;              // of these

    /// Where the input's watermark may stand, by what has been seen of it; `at_record`: its next record is at hand, and the
    /// watermark before that was to come first.
    std::int64_t Lowest(bool at_record) const {
      if (at_record) return plan->marks[numbers[seen]];
      return seen == 0 ? kNone : plan->marks[numbers[seen - 1]];
    }
    std::int64_t Highest(bool at_record) const {
      const std::size_t next = seen < numbers.size() ? numbers[seen] : plan->commands.size();
      if (!at_record && seen == numbers.size()) return kEver;
      return MayBeIdle(next) ? kEver - 1 : plan->marks[next];  // who is idle has not ended
    }
    bool MayBeIdle(std::size_t next) const {
      if (plan->idle_after == 0) return false;
      const std::size_t from = seen == 0 ? 0 : numbers[seen - 1] + 1;
      for (std::size_t i = from; i <= next && i < plan->waits.size(); ++i) {
        if (plan->waits[i] >= plan->idle_after) return true;
      }
      return false;
    }
    bool HasMark(std::int64_t watermark) const {
      return std::binary_search(plan->marks.begin(), plan->marks.end(), watermark);
    }
  };

  void AcceptWatermark(const Call& call, const Input* of) {
    const Input &first = inputs_[0], &second = inputs_[1];
    const std::int64_t before = model_.watermark, now = call.watermark;
    ASSERT_GE(now, before) << call;
    if (exact_) {
      ASSERT_GE(now, std::min(first.Lowest(of == &first), second.Lowest(of == &second))) << call;
    }
    if (now == before) return;  // also when an input that was idle has come back
    ASSERT_LE(now, std::min(first.Highest(of == &first), second.Highest(of == &second))) << call;
    ASSERT_TRUE(now == kEver || first.HasMark(now) || second.HasMark(now)) << call;
    // The timers that the last watermark reached have all fired; those registered behind it wait for this one.
    ASSERT_FALSE(firing_ && model_.Earliest(true, before).has_value()) << "not fired: " << call;
    firing_ = true;
    model_.watermark = now;
  }

  void AcceptRecord(const Call& call, Input* of) {
    ASSERT_FALSE(firing_ && model_.Earliest(true, model_.watermark).has_value())
        << "a timer should have fired before " << call;
    firing_ = false;
    const std::size_t number = of->numbers[of->seen++];
    const Command& command = of->plan->commands[number];
    const std::int64_t own = of->plan->marks[number];
    if (command.time <= model_.watermark) ++corners_.late_records;
    if (own > model_.watermark) ++corners_.held_back;
    if (command.what == kTimer && command.a <= model_.watermark) ++corners_.past_timers;
    const Input& other = of == &inputs_[0] ? inputs_[1] : inputs_[0];
    if (other.seen < other.numbers.size() &&
        other.plan->marks[other.numbers[other.seen]] < model_.watermark)
      ++corners_.idle;
    ASSERT_EQ(call, model_.Push(call.what.c_str(), command, std::string(command.text.view()),
                                command.time));
  }

  const int subtask_, parallelism_;
  const bool exact_;
  Corners& corners_;
  std::vector<Input> inputs_;
  ProgramModel model_;
  bool firing_ = false;  // no record has come since the watermark moved
};

auto Source(StreamEnvironment& env, const char* name, std::shared_ptr<const Plan> plan) {
  const auto strategy = WatermarkStrategy<Command>::BoundedOutOfOrderness(Duration(plan->bound))
                            .WithTimestamp(&Command::time, Unit::kMilliseconds);
  const Duration idle(plan->idle_after);
  return env.FromSource(name, PlannedSource{std::move(plan)},
                        idle.count() > 0 ? strategy.WithIdleness(idle) : strategy);
}

/// A job that is drawn from a seed.
class Job {
 public:
  Job(std::uint64_t seed, Corners* corners) : seed_(seed), random_(seed), corners_(*corners) {
    ++corners_.jobs;
    const std::int64_t drift = random_.Between(-60, 60);
    plans_ = {DrawPlan(0), DrawPlan(drift)};
    parallelism_ = random_.Chance(0.3) ? 2 : 1;
    batch_rows_ = random_.Chance(0.7) ? 1 : random_.Between(2, 40);
  }

  void Run() {
    const auto cluster = testing::TestCluster::Seeded(seed_)
                             .Option("batch.rows", std::to_string(batch_rows_))
                             .Option("exchange", random_.Chance(0.5) ? "serialized" : "local");
    const auto calls = cluster.Collect([&](StreamEnvironment& env) {
      TwoInputs fn;
      fn.clocks_set_events = false;
      return Source(env, "first", plans_[0])
          .KeyBy(KeyOfCommand{})
          .Connect(Source(env, "second", plans_[1]).KeyBy(KeyOfCommand{}))
          .Process("process", fn)
          .Parallelism(parallelism_);
    });
    ASSERT_TRUE(calls.ok()) << calls.status();
    for (int subtask = 0; subtask < parallelism_; ++subtask) {
      Trace trace(plans_, subtask, parallelism_, batch_rows_ == 1, &corners_);
      for (const Call& call : calls.value()) {
        if (trace.Mine(call.key)) ASSERT_NO_FATAL_FAILURE(trace.Accept(call));
      }
      trace.End();
    }
  }

 private:
  std::shared_ptr<const Plan> DrawPlan(std::int64_t now) {
    auto plan = std::make_shared<Plan>();
    plan->bound = random_.Between(0, 20);
    plan->idle_after = random_.Chance(0.5) ? 0 : 50;
    const std::int64_t speed = random_.Between(1, 8);
    const double naps = random_.Chance(0.3) ? 0 : 0.1;
    std::int64_t newest = kNone;
    scratch_.clock = 1700000000000;  // where the seeded driver's clock begins
    for (std::int64_t n = random_.Between(0, 40); n >= 0; --n) {
      plan->marks.push_back(newest == kNone ? kNone : newest - plan->bound - 1);
      if (n == 0) break;
      now += random_.Between(0, speed);
      const std::int64_t time = now - (random_.Chance(0.4) ? random_.Between(0, 50) : 0);
      newest = std::max(newest, time);
      plan->waits.push_back(!random_.Chance(naps) ? 0 : random_.Chance(0.5) ? 5 : 120);
      scratch_.clock += plan->waits.back();
      const std::int64_t around = random_.Chance(0.5) ? time : now - plan->bound;
      Command c =
          DrawCommand(random_, "a key " + std::to_string(random_.Uniform(4)), around, &scratch_);
      c.time = time;
      texts_.push_back("text with more than fifteen letters " + std::to_string(texts_.size()));
      scratch_.Push("", c, texts_.back(), time);  // so that timers to forget are known
      c.text = String::View(texts_.back());
      plan->commands.push_back(c);
    }
    return plan;
  }

  const std::uint64_t seed_;
  Random random_;
  Corners& corners_;
  ProgramModel scratch_;
  std::deque<std::string> texts_;
  std::vector<std::shared_ptr<const Plan>> plans_;
  int parallelism_ = 1;
  std::int64_t batch_rows_ = 1;
};

TEST(TwoInputJob, EachCallIsPossibleAndEqualsTheModel) {
  Corners corners;
  for (const std::uint64_t seed : test_support::Seeds(1, 1500)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Job(seed, &corners).Run();
  }
  if (!test_support::AllSeeds()) return;
  for (const std::uint64_t corner : {corners.late_records, corners.held_back, corners.idle,
                                     corners.past_timers, corners.fired, corners.clocks})
    EXPECT_GT(corner, corners.jobs / 10);
}

}  // namespace
}  // namespace millrace
