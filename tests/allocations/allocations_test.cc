// After warm-up the hot path allocates nothing: at most 1,000 allocations per 10^6 records, with texts of 40 characters.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "millrace/millrace.h"
#include "millrace/protobuf.h"
#include "sensors.pb.h"
#include "src/base/sanitizers.h"

// A sanitizer brings its own malloc.
#define MILLRACE_OWN_MALLOC (!MILLRACE_ASAN && !MILLRACE_TSAN)

namespace {
std::atomic<std::int64_t> allocations{0};
}

#if MILLRACE_OWN_MALLOC
// Every allocation of the process comes by here: operator new of the standard library calls malloc.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t align, std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(align, n);
}
}
#endif

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Line {
  std::string text;
  std::int64_t number = 0;
};
MILLRACE_RECORD(Line, text, number);

struct ViewLine {
  String text;
  std::int64_t number = 0;
};
MILLRACE_RECORD(ViewLine, text, number);

/// 1,000 texts of 40 characters.
const std::vector<std::string>& Texts() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 1000; ++i) {
      std::string text = "a text of forty characters, number " + std::to_string(10000 + i);
      EXPECT_EQ(text.size(), 40U);
      made.push_back(text);
    }
    return made;
  }();
  return texts;
}

/// 1,000 records an event-second. One split: several would drift apart in event time, and each new record distance opens
/// windows that were not there at warm-up.
constexpr auto kMillisOf = [](const auto& line) { return line.number; };

using Build = void (*)(StreamEnvironment&, std::int64_t records);

std::int64_t AllocationsOf(Build build, std::int64_t records, int parallelism) {
  const std::int64_t before = allocations.load();
  StreamEnvironment env;
  env.SetParallelism(parallelism);
  build(env, records);
  EXPECT_EQ(env.Execute("allocations"), 0);
  return allocations.load() - before;
}

/// `per_row`: what a row of a batch that is made late allocates until it is warm.
void ExpectFew(Build build, int parallelism, std::int64_t more = 4000000, int per_row = 1) {
  if (!MILLRACE_OWN_MALLOC) GTEST_SKIP() << "the sanitizers have a malloc of their own";
  constexpr std::int64_t kWarm = 1000000;
  const std::int64_t limit = per_row * 1000 * more / 1000000;
  AllocationsOf(build, 1000, parallelism);  // what is made once a process
  // How many batches a run has made by the end of its warm-up depends on the threads' timing: one try in five must do.
  std::int64_t least = INT64_MAX;
  for (int tries = 0; tries < 5 && least > limit; ++tries) {
    const std::int64_t few = AllocationsOf(build, kWarm, parallelism);
    least = std::min(least, AllocationsOf(build, kWarm + more, parallelism) - few);
  }
  EXPECT_LE(least, limit) << "allocations for " << more << " records after " << kWarm;
}

auto Lines(StreamEnvironment& env, std::int64_t records) {
  return env
      .FromSource("numbers", Generate([](std::int64_t i) { return i; }).Count(records).Splits(1))
      .FlatMap<Line>([](std::int64_t i, auto& out) {
        Line& line = out.Next();
        line.text = Texts()[static_cast<std::size_t>(i % 1000)];
        line.number = i;
      });
}
auto LineTimes() {
  return WatermarkStrategy<Line>::Monotonous().WithTimestamp(kMillisOf, Unit::kMilliseconds);
}
auto ViewTimes() {
  return WatermarkStrategy<ViewLine>::Monotonous().WithTimestamp(kMillisOf, Unit::kMilliseconds);
}

void InPlaceAndCollector(StreamEnvironment& env, std::int64_t records) {
  Lines(env, records)
      .Map([](Line& line) { line.text[0] = 'A'; })
      .Filter([](const Line& line) { return line.number % 10 != 0; })
      .FlatMap([](const Line& line, Collector<Line>& out) {
        Line& copy = out.Next();
        copy.text = line.text;
        copy.number = line.number + 1;
      })
      .SinkTo("nowhere", BlackholeSink{});
}
void KeyedExchange(StreamEnvironment& env, std::int64_t records) {
  Lines(env, records)
      .KeyBy(&Line::text)
      .Aggregate("count", Count())
      .SinkTo("nowhere", BlackholeSink{});
}
void Windows(StreamEnvironment& env, std::int64_t records) {
  Lines(env, records)
      .AssignTimestampsAndWatermarks(LineTimes())
      .KeyBy(&Line::text)
      .Window(TumblingEventTime(20s))
      .Aggregate("count", Count())
      .SinkTo("nowhere", BlackholeSink{});
}
void SlidingAndSessions(StreamEnvironment& env, std::int64_t records) {
  auto lines = Lines(env, records).AssignTimestampsAndWatermarks(LineTimes());
  lines.KeyBy(&Line::text)
      .Window(SlidingEventTime(10s, 5s))
      .Aggregate("sliding", Count())
      .SinkTo("a", BlackholeSink{});
  lines.KeyBy(&Line::text)
      .Window(SessionEventTime(2s))
      .Aggregate("session", Count())
      .SinkTo("b", BlackholeSink{});
}
void ArenaStrings(StreamEnvironment& env, std::int64_t records) {
  env.FromSource("numbers",
                 Generate([](std::int64_t i) {
                   return ViewLine{String::View(Texts()[static_cast<std::size_t>(i % 1000)]), i};
                 })
                     .Count(records)
                     .Splits(1),
                 ViewTimes())
      .Map([](const ViewLine& line) { return ViewLine{line.text, line.number + 1}; })
      .Filter([](const ViewLine& line) { return line.number % 10 != 0; })
      .Rebalance()
      .KeyBy(&ViewLine::text)
      .Window(TumblingEventTime(20s))
      .Aggregate("max", Max(&ViewLine::number))
      .SinkTo("nowhere", BlackholeSink{});
}

/// Keeps the last message of each key, and sends it on.
struct LastMessage : KeyedProcessFunction<std::string, sensors::Reading, sensors::Reading> {
  ValueState<sensors::Reading> last{this, "last"};
  void ProcessElement(const sensors::Reading& r, Context&, Collector<sensors::Reading>& out) {
    out.Next().CopyFrom(last.Get());
    last.Update(r);
  }
};
void Messages(StreamEnvironment& env, std::int64_t records) {
  env.SetOption("exchange", "serialized");
  env.FromSource("numbers", Generate([](std::int64_t i) { return i; }).Count(records).Splits(1))
      .FlatMap<sensors::Reading>([](std::int64_t i, auto& out) {
        sensors::Reading& r = out.Next();
        r.Clear();
        r.set_sensor(Texts()[static_cast<std::size_t>(i % 1000)]);
        r.set_time_ms(i);
        r.add_tags(Texts()[static_cast<std::size_t>(i % 1000)]);
      })
      .Rebalance()
      .KeyBy([](const sensors::Reading& r) -> const std::string& { return r.sensor(); })
      .Process("last", LastMessage{})
      .SinkTo("nowhere", BlackholeSink{});
}

class Allocations : public ::testing::TestWithParam<int> {};

TEST_P(Allocations, FunctionsInPlaceAndWithCollectors) {
  ExpectFew(&InPlaceAndCollector, GetParam());
}
TEST_P(Allocations, KeyedExchange) {
  ExpectFew(&KeyedExchange, GetParam());
}
TEST_P(Allocations, TumblingWindows) {
  ExpectFew(&Windows, GetParam());
}
TEST_P(Allocations, SlidingAndSessionWindows) {
  ExpectFew(&SlidingAndSessions, GetParam());
}
TEST_P(Allocations, ArenaStrings) {
  ExpectFew(&ArenaStrings, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Parallelism, Allocations, ::testing::Values(1, 2));

TEST(Allocations, ProtobufMessages) {
  ExpectFew(&Messages, 2, 1000000, 5);  // two texts, their strings, the list of tags
}

#if MILLRACE_OWN_MALLOC
TEST(Allocations, AreCounted) {
  const std::int64_t before = allocations.load();
  std::vector<std::string> made(10, std::string(40, 'x'));
  EXPECT_GE(allocations.load() - before, 11);
}
#endif

}  // namespace
}  // namespace millrace
