// Event times before the epoch, far away, or none; and lengths of time that no int64 holds.
#include <limits>

#include "tests/bad_input/bad_job.h"

using millrace::Collector;
using millrace::Duration;
using millrace::EventTime;
using millrace::StreamEnvironment;
using millrace::Unit;

namespace {

struct Stamp {
  std::int64_t time = 0;
};
MILLRACE_RECORD(Stamp, time);
struct UnsignedStamp {
  std::uint64_t time = 0;
};
MILLRACE_RECORD(UnsignedStamp, time);

auto Stamps(StreamEnvironment& env, std::vector<std::int64_t> times, Unit unit,
            Duration bound = Duration(0)) {
  std::vector<Stamp> stamps;
  for (const std::int64_t t : times) stamps.push_back({t});
  return env.FromCollection(
      "stamps", stamps,
      millrace::WatermarkStrategy<Stamp>::BoundedOutOfOrderness(bound).WithTimestamp(&Stamp::time,
                                                                                     unit));
}
auto Key() {
  return [](const Stamp&) { return 0; };
}

/// A window's bounds and how many records it has, one a line.
template <class Stream, class Windows>
void PrintWindows(Stream stream, Windows windows) {
  std::move(stream)
      .KeyBy(Key())
      .Window(windows)
      .Aggregate("counts", millrace::Count(),
                 [](const int&, const millrace::Window& w, const std::int64_t& n,
                    Collector<std::string>& out) {
                   out.Emit(std::to_string(w.start.millis()) + " " +
                            std::to_string(w.end.millis()) + " " + std::to_string(n));
                 })
      .Print();
}

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
const std::vector<std::int64_t> kAroundZero{-11, -10, -1, 0, 1, 9, 10};

void AddBeforeTheEpoch(Modes& modes) {
  modes["tumbling around zero"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, kAroundZero, Unit::kMilliseconds),
                 millrace::TumblingEventTime(Duration(10)));
  };
  modes["tumbling with offset"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, kAroundZero, Unit::kMilliseconds),
                 millrace::TumblingEventTime(Duration(10), Duration(3)));
  };
  modes["sliding around zero"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, kAroundZero, Unit::kMilliseconds),
                 millrace::SlidingEventTime(Duration(10), Duration(5)));
  };
  modes["slide over size"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, kAroundZero, Unit::kMilliseconds),
                 millrace::SlidingEventTime(Duration(5), Duration(10)));
  };
  modes["sessions around zero"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, kAroundZero, Unit::kMilliseconds),
                 millrace::SessionEventTime(Duration(4)));
  };
  modes["years 1 and 9999"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, {-62135596800, 253402300799}, Unit::kSeconds),
                 millrace::TumblingEventTime(Duration(1000)));
  };
}

template <std::int64_t kTime, Unit kUnit>
void One(StreamEnvironment& env) {
  PrintWindows(Stamps(env, {5, kTime}, kUnit), millrace::TumblingEventTime(Duration(10)));
}

/// Windows over records whose time a function has made up.
template <class Windows>
void EmitAt(StreamEnvironment& env, EventTime time, Windows windows) {
  PrintWindows(
      Stamps(env, {5}, Unit::kMilliseconds).FlatMap([time](const Stamp& s, Collector<Stamp>& out) {
        out.EmitAt(s, time);
      }),
      windows);
}

void AddFarAway(Modes& modes) {
  modes["int64 max ms"] = &One<kMost, Unit::kMilliseconds>;
  modes["int64 min ms"] = &One<kLeast, Unit::kMilliseconds>;
  modes["int64 max s"] = &One<kMost, Unit::kSeconds>;
  modes["int64 min s"] = &One<kLeast, Unit::kSeconds>;
  modes["int64 max us"] = &One<kMost, Unit::kMicroseconds>;
  modes["int64 max ns"] = &One<kMost, Unit::kNanoseconds>;  // the year 2262
  modes["us as ms"] = &One<1700000000000000, Unit::kMilliseconds>;
  modes["uint64 max ns"] = [](StreamEnvironment& env) {
    Blackhole(
        env.FromCollection("stamps", std::vector<UnsignedStamp>{{~std::uint64_t{0}}},
                           millrace::WatermarkStrategy<UnsignedStamp>::Monotonous().WithTimestamp(
                               &UnsignedStamp::time, Unit::kNanoseconds)));
  };
  modes["emit at the end of time"] = [](StreamEnvironment& env) {
    EmitAt(env, EventTime::Max(), millrace::TumblingEventTime(Duration(10)));
  };
  modes["emit near the end of time, sliding"] = [](StreamEnvironment& env) {
    EmitAt(env, EventTime::FromMillis(kMost - 3),
           millrace::SlidingEventTime(Duration(10), Duration(5)));
  };
  modes["emit near the end of time, sessions"] = [](StreamEnvironment& env) {
    EmitAt(env, EventTime::FromMillis(kMost - 3), millrace::SessionEventTime(Duration(10)));
  };
  modes["emit near the beginning of time"] = [](StreamEnvironment& env) {
    EmitAt(env, EventTime::FromMillis(kLeast + 3), millrace::SessionEventTime(Duration(10)));
  };
  modes["union with a stream without times"] = [](StreamEnvironment& env) {
    auto timed = Stamps(env, {5}, Unit::kMilliseconds);
    PrintWindows(timed.Union(env.FromCollection("others", std::vector<Stamp>{{7}})),
                 millrace::TumblingEventTime(Duration(10)));
  };
  modes["the longest window"] = [](StreamEnvironment& env) {
    PrintWindows(Stamps(env, {-62135596800000, 253402300799999}, Unit::kMilliseconds),
                 millrace::TumblingEventTime(millrace::kMaxDuration, -millrace::kMaxDuration));
  };
  modes["the longest gap and bound"] = [](StreamEnvironment& env) {
    PrintWindows(
        Stamps(env, {253402300799999, -62135596800000}, Unit::kMilliseconds, Duration::max()),
        millrace::SessionEventTime(millrace::kMaxDuration));
  };
  modes["the longest idleness"] = [](StreamEnvironment& env) {
    env.FromSource("numbers",
                   millrace::Generate([](std::int64_t i) { return i; }).Count(100).Rate(5000),
                   millrace::WatermarkStrategy<std::int64_t>::Monotonous()
                       .WithTimestamp([](std::int64_t i) { return i; }, Unit::kMilliseconds)
                       .WithIdleness(millrace::kMaxDuration))
        .SinkTo("out", millrace::BlackholeSink{});
  };
}

}  // namespace

void AddTimes(Modes& modes) {
  AddBeforeTheEpoch(modes);
  AddFarAway(modes);
}
