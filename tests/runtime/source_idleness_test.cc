// Sources whose splits pause: what watermark arrives downstream and when, on the manual clock, against a naive model.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMin = EventTime::Min().millis();
constexpr std::int64_t kMax = EventTime::Max().millis();

struct Tick {
  std::int64_t split = 0;
  std::int64_t time = 0;
  std::int64_t before = kMin;  // the watermark of its split when it was emitted
  bool passes = true;          // the filter
};
MILLRACE_RECORD(Tick, split, time, before, passes);

/// What a split does: when the clock reads so many milliseconds it emits some records; at last it ends.
struct Script {
  std::map<std::int64_t, std::vector<Tick>> ticks;
  std::int64_t end = 0;
};

struct ScriptSplit {
  std::int64_t number = 0;
};
MILLRACE_RECORD(ScriptSplit, number);

/// Split i is read by subtask i modulo the parallelism, which opens `at_once` of its splits when it has none left.
class Scripted {
 public:
  using Record = Tick;
  using Split = ScriptSplit;

  explicit Scripted(std::vector<Script> scripts, std::size_t at_once = SIZE_MAX)
      : scripts_(std::make_shared<const std::vector<Script>>(std::move(scripts))),
        at_once_(at_once) {}

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<ScriptSplit> splits;
    for (std::size_t i = 0; i < scripts_->size(); ++i)
      splits.push_back({static_cast<std::int64_t>(i)});
    return MakeStaticSplits(splits, parallelism, at_once_);
  }

  class Reader {
   public:
    Reader(std::shared_ptr<const std::vector<Script>> scripts, ScriptSplit split,
           const Clock* clock)
        : scripts_(std::move(scripts)),
          script_((*scripts_)[static_cast<std::size_t>(split.number)]),
          next_(script_.ticks.begin()),
          split_(split),
          clock_(clock) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      const std::int64_t now = clock_->NowNanos() / kNanos;
      for (; next_ != script_.ticks.end(); ++next_, emitted_ = 0) {
        if (next_->first > now) return PollResult::Waiting(next_->first * kNanos);
        for (; emitted_ < next_->second.size(); ++emitted_) {
          if (max_rows-- == 0) return PollResult::More();
          out.Emit(next_->second[emitted_]);
        }
      }
      return script_.end > now ? PollResult::Waiting(script_.end * kNanos) : PollResult::End();
    }
    ScriptSplit Position() const { return split_; }

   private:
    static constexpr std::int64_t kNanos = 1000000;
    std::shared_ptr<const std::vector<Script>> scripts_;
    const Script& script_;
    std::map<std::int64_t, std::vector<Tick>>::const_iterator next_;
    ScriptSplit split_;
    const Clock* clock_;
    std::size_t emitted_ = 0;
  };
  Reader OpenSplit(const ScriptSplit& split, const ReaderContext& context) const {
    return Reader(scripts_, split, context.clock);
  }

 private:
  std::shared_ptr<const std::vector<Script>> scripts_;
  std::size_t at_once_;
};

struct Change {
  std::int64_t clock = 0;  // milliseconds
  std::int64_t watermark = kMin;
  bool operator==(const Change&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Change& c) {
    out << "at " << c.clock << " ms ";
    return c.watermark == kMax ? out << "the end" : out << c.watermark;
  }
};
using History = std::vector<Change>;  // the last change of each instant
struct Arrival {
  std::int64_t clock = 0;
  std::int64_t watermark = kMin;  // that stood when it came
  Tick tick;
};

/// A sink that notes what its subtasks see. One thread.
struct Notes {
  struct Seen {
    History history;
    std::vector<Arrival> arrivals;
  };
  std::shared_ptr<std::map<int, Seen>> of = std::make_shared<std::map<int, Seen>>();

  struct Writer {
    Seen* seen;
    const Clock* clock;
    std::int64_t watermark = kMin;
    void Write(const Tick& tick, EventTime) {
      seen->arrivals.push_back({clock->NowNanos() / 1000000, watermark, tick});
    }
    void OnWatermark(EventTime time) {
      const std::int64_t now = clock->NowNanos() / 1000000;
      EXPECT_GT(time.millis(), watermark) << "at " << now << " ms";
      watermark = time.millis();
      if (!seen->history.empty() && seen->history.back().clock == now) seen->history.pop_back();
      seen->history.push_back({now, watermark});
    }
  };
  Writer CreateWriter(const WriterContext& context) const {
    return {&(*of)[context.subtask], context.clock};
  }
};

struct PlayedSource {
  std::vector<Script> scripts;
  int parallelism = 1;
  std::size_t at_once = SIZE_MAX;
  std::int64_t bound = 0;
  std::int64_t idle_after = 0;

  Scripted Source() const { return Scripted(scripts, at_once); }
  auto Strategy() const {
    return WatermarkStrategy<Tick>::BoundedOutOfOrderness(Duration(bound))
        .WithTimestamp(&Tick::time, Unit::kMilliseconds)
        .WithIdleness(Duration(idle_after));
  }
};

/// A split, a subtask or a channel, as those see it that wait for its watermark.
struct Line {
  std::int64_t watermark = kMin;
  bool idle = false, ended = false;
};

/// The definition: the least of those that are neither idle nor ended, but never back.
void Combine(const std::vector<const Line*>& inputs, Line* line) {
  std::int64_t least = kMax;
  bool active = false;
  line->ended = true;
  for (const Line* input : inputs) {
    line->ended &= input->ended;
    if (input->ended || input->idle) continue;
    active = true;
    least = std::min(least, input->watermark);
  }
  line->idle = !active;
  if (line->ended) least = kMax;
  if (active || line->ended) line->watermark = std::max(line->watermark, least);
}

/// A source's splits and subtasks as time passes.
class SourceModel {
 public:
  explicit SourceModel(const PlayedSource& source)
      : source_(source), lines_(static_cast<std::size_t>(source.parallelism)) {
    for (std::size_t s = 0; s < lines_.size(); ++s) {
      subtasks_.push_back({.next = s, .open = {}});
      Open(&subtasks_.back(), 0);
    }
    Update();
  }
  const std::vector<Line>& lines() const { return lines_; }
  /// When something happens next; kMax: never again.
  std::int64_t NextInstant() const {
    std::int64_t next = kMax;
    for (const Subtask& subtask : subtasks_) {
      for (const Split& split : subtask.open) {
        if (split.line.ended) continue;
        next = std::min(next, split.NextInScript());
        if (!split.line.idle) next = std::min(next, split.last + source_.idle_after);
      }
    }
    return next;
  }
  void Pass(std::int64_t now) {
    for (Subtask& subtask : subtasks_) {
      for (Split& split : subtask.open) {
        if (!split.line.ended) PassSplit(&split, now);
      }
      const bool all_ended = std::all_of(subtask.open.begin(), subtask.open.end(),
                                         [](const Split& split) { return split.line.ended; });
      if (all_ended) Open(&subtask, now);
    }
    Update();
  }

 private:
  struct Split {
    const Script* script;
    std::int64_t last;  // record, or since when it is read
    Line line;
    std::map<std::int64_t, std::vector<Tick>>::const_iterator next;
    std::int64_t NextInScript() const {
      return next == script->ticks.end() ? script->end : next->first;
    }
  };
  struct Subtask {
    std::size_t next;  // split
    std::vector<Split> open;
  };

  void PassSplit(Split* split, std::int64_t now) {
    if (split->NextInScript() > now) {
      split->line.idle = now >= split->last + source_.idle_after;
    } else if (split->next == split->script->ticks.end()) {
      split->line.ended = true;
    } else {
      for (const Tick& tick : split->next->second) {
        split->line.watermark = std::max(split->line.watermark, tick.time - source_.bound - 1);
      }
      split->line.idle = false;
      split->last = now;
      ++split->next;
    }
  }
  void Open(Subtask* subtask, std::int64_t now) {
    for (std::size_t n = 0; n < source_.at_once && subtask->next < source_.scripts.size(); ++n) {
      const Script& script = source_.scripts[subtask->next];
      subtask->open.push_back({&script, now, {}, script.ticks.begin()});
      subtask->next += lines_.size();
    }
  }
  void Update() {
    for (std::size_t s = 0; s < lines_.size(); ++s) {
      std::vector<const Line*> splits;
      for (const Split& split : subtasks_[s].open) splits.push_back(&split.line);
      Combine(splits, &lines_[s]);
    }
  }

  const PlayedSource& source_;
  std::vector<Line> lines_;  // of its subtasks
  std::vector<Subtask> subtasks_;
};

/// An operator's subtasks behind others: each reads all of them, or its own where the parallelism is the same.
struct OperatorModel {
  std::vector<Line> lines;
  std::vector<History> histories;
  explicit OperatorModel(int parallelism)
      : lines(static_cast<std::size_t>(parallelism)),
        histories(static_cast<std::size_t>(parallelism)) {}

  struct Input {
    const std::vector<Line>* from;
    bool forward;
  };
  void Pass(std::int64_t now, const std::vector<Input>& inputs) {
    for (std::size_t s = 0; s < lines.size(); ++s) {
      std::vector<const Line*> channels;
      for (const Input& input : inputs) {
        for (std::size_t p = 0; p < input.from->size(); ++p) {
          if (!input.forward || p == s) channels.push_back(&(*input.from)[p]);
        }
      }
      const std::int64_t before = lines[s].watermark;
      Combine(channels, &lines[s]);
      if (lines[s].watermark != before) histories[s].push_back({now, lines[s].watermark});
    }
  }
};

/// The watermark that stood before an instant.
std::int64_t Before(const History& history, std::int64_t clock) {
  std::int64_t watermark = kMin;
  for (const Change& change : history) {
    if (change.clock < clock) watermark = change.watermark;
  }
  return watermark;
}

/// `direct`: the source that the records come from by one channel each. (By several channels a record that ends idleness
/// may be overtaken by the time that comes by another one.)
void CheckSeen(const Notes& notes, const OperatorModel& model, const OperatorModel* direct) {
  ASSERT_EQ(notes.of->size(), model.histories.size());
  for (std::size_t s = 0; s < model.histories.size(); ++s) {
    SCOPED_TRACE("subtask " + std::to_string(s));
    const Notes::Seen& seen = (*notes.of)[static_cast<int>(s)];
    ASSERT_EQ(seen.history, model.histories[s]);
    for (const Arrival& a : seen.arrivals) {
      SCOPED_TRACE("record of " + std::to_string(a.tick.time) + " at " + std::to_string(a.clock));
      const std::int64_t before = Before(model.histories[s], a.clock);
      EXPECT_GE(a.watermark, before);
      if (direct == nullptr) continue;
      const auto from = static_cast<std::size_t>(a.tick.split) % direct->histories.size();
      const std::int64_t behind = Before(direct->histories[from], a.clock);
      EXPECT_LE(a.watermark, std::max({before, behind, a.tick.before})) << "too early";
    }
  }
}

/// Instants at which splits emit or end: each once, so that the order of what happens is known. Multiples of four; timeouts
/// are none and differ, so that no split turns idle when another one does something.
class Instants {
 public:
  explicit Instants(Random* random) : random_(*random) {}
  std::int64_t Draw(std::int64_t after) {
    for (std::int64_t most = 60;; most *= 2) {
      const std::int64_t instant = after + 4 * random_.Between(1, most);
      if (taken_.insert(instant).second) return instant;
    }
  }

 private:
  Random& random_;
  std::set<std::int64_t> taken_;
};

Script DrawScript(Random& random, Instants& instants, std::int64_t split, std::int64_t begin,
                  std::int64_t bound) {
  Script script;
  std::int64_t time = random.Between(0, 50), highest = kMin;
  std::int64_t now = begin;
  for (std::uint64_t n = random.Uniform(8); n > 0; --n) {
    now = instants.Draw(now);
    std::vector<Tick>& burst = script.ticks[now];
    for (std::uint64_t i = 1 + random.Uniform(random.Chance(0.2) ? 20 : 2); i > 0; --i) {
      time += random.Between(0, 40);
      const std::int64_t jitter = random.Between(0, 2 * bound);  // some are late
      const std::int64_t before = highest == kMin ? kMin : highest - bound - 1;
      burst.push_back({split, time - jitter, before, random.Chance(0.5)});
      highest = std::max(highest, time - jitter);
    }
  }
  script.end = instants.Draw(now);
  return script;
}

PlayedSource DrawSource(Random& random, Instants& instants, std::int64_t timeout) {
  PlayedSource source;
  source.parallelism = static_cast<int>(random.Between(1, 3));
  source.at_once = random.Chance(0.7) ? SIZE_MAX : 1 + random.Uniform(2);
  source.bound = random.Chance(0.3) ? 0 : random.Between(1, 30);
  source.idle_after = timeout;
  const std::size_t splits = 1 + random.Uniform(6);
  source.scripts.resize(splits);
  const auto parallelism = static_cast<std::size_t>(source.parallelism);
  for (std::size_t s = 0; s < parallelism; ++s) {
    std::int64_t begin = 0, end = 0;
    std::size_t in_group = 0;
    for (std::size_t split = s; split < splits; split += parallelism) {
      if (in_group++ == source.at_once) {
        begin = end;
        in_group = 1;
      }
      source.scripts[split] =
          DrawScript(random, instants, static_cast<std::int64_t>(split), begin, source.bound);
      end = std::max(end, source.scripts[split].end);
    }
  }
  return source;
}

TEST(SourceIdleness, WatermarksDownstreamEqualTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 600)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Instants instants(&random);
    const PlayedSource left = DrawSource(random, instants, 4 * random.Between(1, 60) + 1);
    const PlayedSource right = DrawSource(random, instants, 4 * random.Between(1, 60) + 2);
    const int dealt = static_cast<int>(random.Between(1, 3));
    const int both = static_cast<int>(random.Between(1, 3));

    StreamEnvironment env;
    env.SetParallelism(left.parallelism);
    env.SetOption("driver", "seeded");
    env.SetOption("seed", std::to_string(random.Uniform(1u << 30)));
    env.SetOption("batch.rows", std::to_string(1 + random.Uniform(20)));
    env.SetOption("exchange", random.Chance(0.5) ? "serialized" : "local");
    Notes at_source, behind_dealing, behind_union;
    auto ticks = env.FromSource("left", left.Source(), left.Strategy());
    ticks.SinkTo("at source", at_source);
    ticks.Rebalance().Map([](Tick&) {}).Parallelism(dealt).SinkTo("behind dealing", behind_dealing);
    auto passed =
        ticks.Rebalance().Filter([](const Tick& t) { return t.passes; }).Parallelism(dealt);
    DataStream<Tick> others =
        env.FromSource("right", right.Source(), right.Strategy()).Parallelism(right.parallelism);
    passed.Union(others).Map([](Tick&) {}).Parallelism(both).SinkTo("behind union", behind_union);
    const JobResult result = env.Run("idleness");
    ASSERT_TRUE(result.status.ok()) << result.status;

    SourceModel from_left(left), from_right(right);
    OperatorModel source(left.parallelism), dealer(dealt), union_of(both);
    for (std::int64_t now = 0; now != kMax;) {
      if (now > 0) {
        from_left.Pass(now);
        from_right.Pass(now);
      }
      source.Pass(now, {{&from_left.lines(), true}});
      dealer.Pass(now, {{&from_left.lines(), false}});
      union_of.Pass(
          now, {{&dealer.lines, dealt == both}, {&from_right.lines(), right.parallelism == both}});
      now = std::min(from_left.NextInstant(), from_right.NextInstant());
    }
    {
      SCOPED_TRACE("at the source");
      ASSERT_NO_FATAL_FAILURE(CheckSeen(at_source, source, &source));
    }
    {
      SCOPED_TRACE("behind the dealing");
      ASSERT_NO_FATAL_FAILURE(CheckSeen(behind_dealing, dealer, &source));
    }
    {
      SCOPED_TRACE("behind the union");
      ASSERT_NO_FATAL_FAILURE(CheckSeen(behind_union, union_of, nullptr));
    }
    ASSERT_FALSE(HasFailure());
  }
}

// What happens then, in small. A window of ten seconds; a split is idle after 100 ms.

Script Play(std::initializer_list<std::pair<std::int64_t, std::int64_t>> ticks, std::int64_t end) {
  Script script;
  for (const auto& [clock, time] : ticks) script.ticks[clock].push_back({.time = time});
  script.end = end;
  return script;
}

DataStream<Tick> Played(StreamEnvironment& env, const std::string& name,
                        std::vector<Script> scripts) {
  const PlayedSource source{.scripts = std::move(scripts), .idle_after = 100};
  return env.FromSource(name, source.Source(), source.Strategy());
}

struct Fired {
  std::int64_t clock = 0;
  std::int64_t end = 0;
  std::int64_t count = 0;
  bool operator==(const Fired&) const = default;
};
MILLRACE_RECORD(Fired, clock, end, count);
void PrintTo(const Fired& f, std::ostream* out) {
  *out << f.count << " until " << f.end << " at " << f.clock;
}

struct NoteFired : ProcessFunction<WindowResult<int, std::int64_t>, Fired> {
  void ProcessElement(const In& result, Context& context, Collector<Fired>& out) {
    constexpr std::int64_t kBegin = 1700000000000;  // of the manual clock
    out.Emit({context.CurrentProcessingTime().millis() - kBegin, result.window.end.millis(),
              result.value});
  }
};

/// Runs the job; the times of late records go to `late`.
std::vector<Fired> WindowsOf(StreamEnvironment& env, DataStream<Tick> ticks,
                             std::vector<std::int64_t>* late) {
  env.SetOption("driver", "seeded");
  const OutputTag<Tick> tag{"late"};
  auto windows = ticks.KeyBy([](const Tick&) { return 0; })
                     .Window(TumblingEventTime(10s))
                     .SideOutputLate(tag)
                     .Aggregate("count", Count());
  CollectSink<Tick> late_ticks;
  windows.SideOutput(tag).SinkTo("late", late_ticks);
  CollectSink<Fired> fired;
  windows.Process("fired", NoteFired{}).SinkTo("windows", fired);
  const JobResult result = env.Run("windows");
  EXPECT_TRUE(result.status.ok()) << result.status;
  for (const Tick& tick : late_ticks.rows()) late->push_back(tick.time);
  return fired.Take();
}

using Times = std::vector<std::int64_t>;

TEST(SourceIdleness, AWindowDoesNotWaitForASilentSplit) {
  StreamEnvironment env;
  Times late;
  const auto fired =
      WindowsOf(env,
                Played(env, "ticks",
                       {Play({{0, 1000}, {10, 12000}}, 500), Play({{0, 2000}, {300, 3000}}, 500)}),
                &late);
  EXPECT_EQ(fired, (std::vector<Fired>{{100, 10000, 2}, {500, 20000, 1}}));
  EXPECT_EQ(late, Times{3000});
}

TEST(SourceIdleness, AUnionGoesOnWithoutASourceThatIsSilent) {
  StreamEnvironment env;
  Times late;
  auto silent = Played(env, "silent", {Play({{0, 1000}}, 500), Play({{20, 2000}}, 500)});
  const auto fired = WindowsOf(
      env, silent.Union(Played(env, "lively", {Play({{0, 3000}, {90, 12000}, {150, 13000}}, 500)})),
      &late);
  EXPECT_EQ(fired, (std::vector<Fired>{{120, 10000, 3}, {500, 20000, 2}}));
  EXPECT_EQ(late, Times{});
}

TEST(SourceIdleness, TheEndOfOneSourceDoesNotEndTimeWhileAnotherIsSilent) {
  StreamEnvironment env;
  Times late;
  auto silent = Played(env, "silent", {Play({{0, 1000}, {300, 9000}, {310, 12000}}, 500)});
  const auto fired = WindowsOf(
      env, silent.Union(Played(env, "ends", {Play({{0, 2000}, {150, 8000}}, 200)})), &late);
  EXPECT_EQ(fired, (std::vector<Fired>{{310, 10000, 4}, {500, 20000, 1}}));
  EXPECT_EQ(late, Times{});
}

// A seed draws how many rows a step may take; fewer than there are splits once kept time from passing at all.
TEST(SourceIdleness, TimePassesForSplitsThatWaitWithAnySeed) {
  for (const std::uint64_t seed : test_support::Seeds(1, 50)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StreamEnvironment env;
    env.SetOption("driver", "seeded");
    env.SetOption("seed", std::to_string(seed));
    const auto numbers =
        env.FromSource("numbers",
                       Generate([](std::int64_t i) { return i; }).Count(9).Rate(10).Splits(4))
            .ExecuteAndCollect();
    ASSERT_TRUE(numbers.ok()) << numbers.status();
    EXPECT_EQ(numbers.value().size(), 9u);
  }
}

}  // namespace
}  // namespace millrace
