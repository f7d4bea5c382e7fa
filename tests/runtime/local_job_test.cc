// Whole jobs on the embedded cluster, under settings drawn from a printed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/millrace.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Word {
  std::string text;
  std::int64_t count = 0;
};
MILLRACE_RECORD(Word, text, count);

struct Point {
  std::int64_t key = 0;
  std::int64_t value = 0;
  String label;
};
MILLRACE_RECORD(Point, key, value, label);

/// Collects what all subtasks of a sink wrote.
template <class T>
struct Gather {
  struct Shared {
    std::mutex mutex;
    std::vector<T> rows;
  };
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  struct Writer {
    std::shared_ptr<Shared> shared;
    void Write(const T& row, EventTime) {
      std::lock_guard lock(shared->mutex);
      shared->rows.push_back(row);
    }
  };
  Writer CreateWriter(const WriterContext&) const { return {shared}; }
  std::vector<T>& rows() const { return shared->rows; }
};

std::uint64_t Seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("MILLRACE_SEED");
    const std::uint64_t s =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("settings are drawn from MILLRACE_SEED=%llu\n", static_cast<unsigned long long>(s));
    return s;
  }();
  return seed;
}

/// Runs `build` some times with drawn settings; each must succeed and pass `check`.
template <class Build, class Check>
void UnderDrawnSettings(Build build, Check check) {
  Random random(Seed());
  for (int round = 0; round < 8; ++round) {
    StreamEnvironment env;
    const int parallelism = 1 + static_cast<int>(random.Uniform(4));
    const bool seeded = random.Chance(0.5);
    const std::string rows = std::to_string(1 + random.Uniform(200));
    const bool serialized = random.Chance(0.5);
    SCOPED_TRACE("parallelism " + std::to_string(parallelism) + (seeded ? " seeded" : " threads") +
                 (serialized ? " serialized" : "") + " batch.rows " + rows);
    env.SetParallelism(parallelism);
    env.SetOption("driver", seeded ? "seeded" : "threads");
    env.SetOption("seed", std::to_string(random.Uniform(1u << 30)));
    env.SetOption("exchange", serialized ? "serialized" : "local");
    env.SetOption("batch.rows", rows);
    auto sink = build(env);
    const JobResult result = env.Run("test");
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    check(sink.rows());
    for (const OperatorReport& op : result.operators) {
      for (const auto& step : op.steps) EXPECT_GE(step.in + step.out, step.out);
    }
  }
}

TEST(LocalJob, WordCountWithLongStrings) {
  std::vector<std::string> lines;
  std::map<std::string, std::int64_t> want;
  for (int i = 0; i < 500; ++i) {
    std::string line;
    for (int j = 0; j < 5; ++j) {
      const std::string word =
          "a word that is longer than fifteen characters " + std::to_string((i * 7 + j * 3) % 37);
      std::string joined = word;
      std::replace(joined.begin(), joined.end(), ' ', '-');
      line += (j > 0 ? " " : "") + joined;
      ++want[joined];
    }
    lines.push_back(line);
  }
  UnderDrawnSettings(
      [&](StreamEnvironment& env) {
        Gather<Word> sink;
        env.FromCollection("lines", lines)
            .FlatMap([](const std::string& line, Collector<Word>& out) {
              std::size_t from = 0;
              while (from < line.size()) {
                std::size_t to = std::min(line.find(' ', from), line.size());
                Word& w = out.Next();
                w.text.assign(line, from, to - from);
                w.count = 1;
                from = to + 1;
              }
            })
            .KeyBy(&Word::text)
            .Reduce("count",
                    [](const Word& a, const Word& b) { return Word{a.text, a.count + b.count}; })
            .SinkTo("out", sink);
        return sink;
      },
      [&](const std::vector<Word>& rows) {
        std::map<std::string, std::int64_t> got;
        for (const Word& w : rows) got[w.text] = std::max(got[w.text], w.count);
        EXPECT_EQ(got, want);
        EXPECT_EQ(rows.size(), 2500u);
      });
}

// The function that picks gives one of its arguments: what is kept, or the record at hand.
TEST(LocalJob, AReduceThatPicksKeepsOneOfTheTwo) {
  std::vector<Word> words;
  for (std::int64_t i = 0; i < 300; ++i)
    words.push_back({"w" + std::to_string(i % 7), i * 37 % 101});
  UnderDrawnSettings(
      [&](StreamEnvironment& env) {
        Gather<Word> sink;
        env.FromCollection("words", words)
            .KeyBy(&Word::text)
            .Reduce("most",
                    [](const Word& a, const Word& b) -> const Word& {
                      return a.count < b.count ? b : a;
                    })
            .SinkTo("out", sink);
        return sink;
      },
      [&](const std::vector<Word>& rows) {
        std::multiset<std::pair<std::string, std::int64_t>> got, want;
        for (const Word& w : rows) got.emplace(w.text, w.count);
        std::map<std::string, std::int64_t> most;
        for (const Word& w : words)
          want.emplace(w.text, most[w.text] = std::max(most[w.text], w.count));
        EXPECT_EQ(got, want);
      });
}

// A stream with a name runs once, however many streams start from it; arms of unequal speed meet again.
TEST(LocalJob, ADiamondLosesAndRepeatsNothing) {
  UnderDrawnSettings(
      [&](StreamEnvironment& env) {
        Gather<Point> sink;
        auto points = env.FromSource(
            "points", Generate([](std::int64_t i) {
                        return Point{i, 1, String("point number " + std::to_string(i))};
                      }).Count(3000));
        auto even = points.Filter([](const Point& p) { return p.key % 2 == 0; });
        auto odd = points.Filter([](const Point& p) { return p.key % 2 != 0; })
                       .Rebalance()
                       .Map([](Point p) {
                         p.value = 2;
                         return p;
                       });
        even.Union(odd).SinkTo("out", sink);
        return sink;
      },
      [&](const std::vector<Point>& rows) {
        std::vector<int> seen(3000);
        for (const Point& p : rows) {
          ++seen[static_cast<std::size_t>(p.key)];
          EXPECT_EQ(p.value, p.key % 2 == 0 ? 1 : 2);
        }
        EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 3000);
      });
}

TEST(LocalJob, OneRecordMayBecomeAMillion) {
  StreamEnvironment env;
  env.SetParallelism(2);
  auto count = std::make_shared<std::atomic<std::int64_t>>(0);
  env.FromCollection("seeds", std::vector<int>{1, 2})
      .FlatMap([](int seed, Collector<std::int64_t>& out) {
        for (std::int64_t i = 0; i < 1000000; ++i) out.Emit(i * seed);
      })
      .KeyBy([](std::int64_t v) { return v % 1000; })
      .Aggregate("count", Count())
      .SinkTo("out", FunctionSink{[count](const KeyedResult<std::int64_t, std::int64_t>&) {
                count->fetch_add(1, std::memory_order_relaxed);
              }});
  const JobResult result = env.Run("fan out");
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(count->load(), 2000000);
}

struct Where : ProcessFunction<std::int64_t, Word> {
  int subtask = 0;
  void Open(const FunctionContext& context) { subtask = context.subtask; }
  void ProcessElement(std::int64_t n, Context&, Collector<Word>& out) {
    out.Emit({std::to_string(n), subtask});
  }
};

TEST(LocalJob, AProcessFunctionBehindAPartitioningReadsIt) {
  StreamEnvironment env;
  Gather<Word> dealt, united;
  std::vector<std::int64_t> numbers(90);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
  auto all = env.FromCollection("numbers", numbers);
  all.PartitionCustom([](std::int64_t n, int targets) { return static_cast<int>(n) % targets; })
      .Process("where", Where{})
      .Parallelism(3)
      .SinkTo("dealt", dealt);
  all.Union(env.FromCollection("more", numbers))
      .Process("either", Where{})
      .SinkTo("united", united);
  const JobResult result = env.Run("job");
  ASSERT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(dealt.rows().size(), 90u);
  for (const Word& w : dealt.rows()) EXPECT_EQ(w.count, std::stoll(w.text) % 3);
  EXPECT_EQ(united.rows().size(), 180u);
  ASSERT_EQ(result.operators.size(), 4u) << "the functions read the edges themselves";
}

TEST(LocalJob, LateRecordsGoToTheirSideOutput) {
  UnderDrawnSettings(
      [&](StreamEnvironment& env) {
        Gather<Point> sink;
        const OutputTag<Point> late{"late"};
        auto windows =
            env.FromCollection(
                   "points",
                   std::vector<Point>{{1, 1000, "a"}, {1, 50000, "b"}, {1, 2000, "too late"}},
                   WatermarkStrategy<Point>::Monotonous().WithTimestamp(&Point::value,
                                                                        Unit::kMilliseconds))
                .Map([](const Point& p) { return p; })
                .Global()
                .KeyBy(&Point::key)
                .Window(TumblingEventTime(10s))
                .SideOutputLate(late)
                .Aggregate("count", Count());
        windows.SinkTo("results", BlackholeSink{});
        windows.SideOutput(late).SinkTo("late", sink);
        return sink;
      },
      [](const std::vector<Point>& rows) {
        // Whether the third is late depends on when the watermark leaves; what comes here is late and whole.
        for (const Point& p : rows) EXPECT_EQ(p.value, 2000);
        EXPECT_LE(rows.size(), 1u);
      });
}

TEST(LocalJob, AnExceptionNamesOperatorStepAndRecord) {
  StreamEnvironment env;
  env.FromCollection("numbers", std::vector<int>{1, 2, 3})
      .Map("halve",
           [](int n) {
             if (n == 2) throw std::runtime_error("two is not allowed");
             return n / 2;
           })
      .SinkTo("out", BlackholeSink{});
  const JobResult result = env.Run("failing");
  const std::string& message = result.status.message();
  EXPECT_EQ(message,
            "operator 'numbers', subtask 0: std::runtime_error: two is not allowed in step "
            "'halve', record 2");
}

TEST(LocalJob, MistakesInThePlanAreErrorsNotCrashes) {
  {
    StreamEnvironment env;
    env.FromCollection("same", std::vector<int>{1}).SinkTo("same", BlackholeSink{});
    EXPECT_NE(env.Run("names").status.message().find("two operators are named 'same'"),
              std::string::npos);
  }
  {
    StreamEnvironment env;
    env.FromCollection("n", std::vector<int>{1})
        .KeyBy([](int n) { return n; })
        .Window(TumblingEventTime(0s))
        .Aggregate("w", Count())
        .SinkTo("out", BlackholeSink{});
    EXPECT_NE(env.Run("window").status.message().find("'w'"), std::string::npos);
  }
  {
    StreamEnvironment env;
    env.SetOption("exchnge", "local");
    env.FromCollection("n", std::vector<int>{1}).SinkTo("out", BlackholeSink{});
    EXPECT_NE(env.Run("option").status.message().find("did you mean exchange"), std::string::npos);
  }
  StreamEnvironment env;
  EXPECT_FALSE(env.Run("nothing").status.ok());
}

TEST(LocalJob, ABadTimestampAndABadKeyFailWithTheRecord) {
  StreamEnvironment env;
  env.FromCollection(
         "points", std::vector<Point>{{1, -62135596800001, "x"}},
         WatermarkStrategy<Point>::Monotonous().WithTimestamp(&Point::value, Unit::kMilliseconds))
      .SinkTo("out", BlackholeSink{});
  EXPECT_EQ(env.Run("time").status.message(),
            "operator 'points', subtask 0: std::out_of_range: event time -62135596800001 ms is "
            "before the year 1: is the unit of the timestamp right? in step 'timestamps and "
            "watermarks', record {key: 1, value: -62135596800001, label: \"x\"}");
  StreamEnvironment nan;
  nan.FromCollection("doubles", std::vector<double>{0.0 / 0.0 * 1.0})
      .KeyBy([](double d) { return d; })
      .Aggregate("count", Count())
      .SinkTo("out", BlackholeSink{});
  EXPECT_NE(nan.Run("nan").status.message().find("KeyBy"), std::string::npos);
}

TEST(LocalJob, EventTimeWindowsOnAStreamWithoutEventTimeAreAnErrorOfThePlan) {
  StreamEnvironment env;
  env.FromCollection("words", std::vector<Word>{{"a", 1}})
      .KeyBy(&Word::text)
      .Window(TumblingEventTime(1s))
      .Aggregate("sums", Sum(&Word::count))
      .Print();
  const Status status = env.Run("job").status;
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("'sums': event-time windows need records with event time"),
            std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace millrace
