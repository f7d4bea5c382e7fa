// Latency at a constant rate, against the intended schedule: see ../shared/baseline/README.md. A record's latency counts
// from when it was due (start + index / rate), so that waiting behind a pause counts; a window result's from when the
// first record at or past the window's end was due.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "benchmarks/micro/shapes.h"
#include "benchmarks/support/checkpoint_folder.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/settings.h"

namespace {

constexpr std::int64_t kKeys = 10000;
constexpr double kWarmUp = 0.25;  // of the run, not counted

std::int64_t Now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000 + t.tv_nsec;
}

/// Counts of durations in buckets of 1/64 of their power of two.
class Histogram {
 public:
  void Add(std::int64_t nanos) {
    const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 64));
    const auto power = static_cast<std::size_t>(std::bit_width(v)) - 7;
    ++counts_[power * 64 + (v >> power) - 64];
    ++count_;
    max_ = std::max(max_, nanos);
  }
  void Merge(const Histogram& o) {
    for (std::size_t i = 0; i < std::size(counts_); ++i) counts_[i] += o.counts_[i];
    count_ += o.count_;
    max_ = std::max(max_, o.max_);
  }
  double Millis(double quantile) const {
    auto left = static_cast<std::uint64_t>(quantile * static_cast<double>(count_));
    for (std::size_t i = 0; i < std::size(counts_); ++i) {
      if (counts_[i] > left) return static_cast<double>((i % 64 + 64) << (i / 64)) / 1e6;
      left -= counts_[i];
    }
    return MaxMillis();
  }
  double MaxMillis() const { return static_cast<double>(max_) / 1e6; }
  std::uint64_t count() const { return count_; }

 private:
  std::uint64_t counts_[58 * 64] = {};
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

struct Tick {
  std::int64_t key = 0;
  std::int64_t time = 0;  // event time, ms since the start of the schedule
  std::int64_t due = 0;   // clock reading in ns
};
MILLRACE_RECORD(Tick, key, time, due);

/// How long the machine stops everybody: a thread that is due every millisecond, and how late it comes.
class StallMeter {
 public:
  StallMeter() : thread_([this] { Run(); }) {}
  Histogram Stop() {
    stop_.store(true);
    thread_.join();
    return lateness_;
  }

 private:
  void Run() {
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    for (std::int64_t due = Now() + 1000000; !stop_.load(std::memory_order_relaxed);
         due += 1000000) {
      const timespec at{due / 1000000000, due % 1000000000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
      lateness_.Add(Now() - due);
    }
  }
  std::atomic<bool> stop_{false};
  Histogram lateness_;
  std::thread thread_;
};

struct Results {
  std::mutex mutex;
  Histogram latency;
  std::int64_t count_from = 0;  // clock reading: earlier records are warm-up
};
Results g_results;

/// Measures each record; `due` is what its latency counts from.
struct LatencySink {
  struct Writer {
    std::unique_ptr<Histogram> latency = std::make_unique<Histogram>();
    void Write(const Tick& t, millrace::EventTime) {
      if (t.due >= g_results.count_from) latency->Add(Now() - t.due);
    }
    void Close() {
      std::lock_guard lock(g_results.mutex);
      g_results.latency.Merge(*latency);
    }
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {}; }
};

/// Counts, and remembers when the schedule began: the earliest of the splits' beginnings.
struct CountAndStart {
  using Accumulator = std::pair<std::int64_t, std::int64_t>;
  Accumulator Create() const { return {0, INT64_MAX}; }
  void Add(Accumulator& acc, const Tick& t) const {
    ++acc.first;
    acc.second = std::min(acc.second, t.due - t.time * 1000000);
  }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    acc.first += o.first;
    acc.second = std::min(acc.second, o.second);
  }
  Accumulator Result(const Accumulator& acc) const { return acc; }
};

struct Options {
  std::string kind = "map";
  std::int64_t rate = 200000;
  std::int64_t seconds = 20;
  std::string checkpoint_interval;  // empty: none are taken
};

[[noreturn]] void Usage(const std::string& why) {
  std::fprintf(stderr,
               "latency: %s\nusage: latency [--kind map|window] [--rate 200K] [--seconds 20] "
               "[--checkpoint-interval 1s]\n",
               why.c_str());
  std::exit(2);
}

Options Parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i], value;
    if (const std::size_t eq = flag.find('='); eq != std::string::npos) {
      value = flag.substr(eq + 1);
      flag.resize(eq);
    } else {
      if (i + 1 >= argc) Usage(flag + " needs a value");
      value = argv[++i];
    }
    if (flag == "--kind") {
      if (value != "map" && value != "window") Usage("unknown kind '" + value + "'");
      o.kind = value;
    } else if (flag == "--rate") {
      o.rate = benchmark_support::ParseNumber("latency", value);
    } else if (flag == "--checkpoint-interval") {
      o.checkpoint_interval = value;
    } else if (flag == "--seconds") {
      o.seconds = benchmark_support::ParseNumber("latency", value);
    } else {
      Usage("unknown option " + flag);
    }
  }
  return o;
}

void Build(const Options& o, millrace::StreamEnvironment& env) {
  const std::int64_t rate = o.rate;
  auto ticks = env.FromSource(
      "ticks",
      millrace::Generate([rate](std::int64_t i, std::int64_t due) {
        return Tick{static_cast<std::int64_t>(micro::Mix(static_cast<std::uint64_t>(i)) % kKeys),
                    i * 1000 / rate, due};
      })
          .Count(o.rate * o.seconds)
          .Rate(static_cast<double>(o.rate)),
      millrace::WatermarkStrategy<Tick>::Monotonous().WithTimestamp(&Tick::time,
                                                                    millrace::Unit::kMilliseconds));
  if (o.kind == "map") {
    std::move(ticks)
        .KeyBy(&Tick::key)
        .Reduce("count",
                [](const Tick& a, const Tick& b) { return Tick{a.key, a.time + 1, b.due}; })
        .SinkTo("latency", LatencySink{});
    return;
  }
  std::move(ticks)
      .KeyBy(&Tick::key)
      .Window(millrace::TumblingEventTime(millrace::Duration(1000)))
      .Aggregate<Tick>(
          "count", CountAndStart{},
          [](std::int64_t key, const millrace::Window& w, const CountAndStart::Accumulator& acc,
             auto& out) { out.Emit(Tick{key, acc.first, acc.second + w.end.millis() * 1000000}); })
      .SinkTo("latency", LatencySink{});
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  millrace::StreamEnvironment env;
  env.SetParallelism(2);
  std::optional<benchmark_support::CheckpointFolder> folder;
  if (!o.checkpoint_interval.empty())
    benchmark_support::Apply(folder.emplace().Settings(o.checkpoint_interval), env);
  Build(o, env);
  const std::int64_t began = Now();
  g_results.count_from =
      began + static_cast<std::int64_t>(kWarmUp * static_cast<double>(o.seconds) * 1e9);
  StallMeter stalls;
  const millrace::JobResult result = env.Run("latency");
  const double seconds = static_cast<double>(Now() - began) / 1e9;
  const Histogram lateness = stalls.Stop();
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  if (!result.status.ok()) {
    std::fprintf(stderr, "latency: %s\n", result.status.ToString().c_str());
    return 1;
  }
  const double cpu = static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                     static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
  const Histogram& h = g_results.latency;
  std::printf(
      "kind,parallelism,backend,rate_per_s,buffer_timeout_ms,watermark_interval_ms,samples,p50_ms,"
      "p99_ms,p999_ms,max_ms,"
      "cores,seconds,notes,stall_p999_ms\n");
  std::printf("%s,2,heap,%lld,0,0,%llu,%.3f,%.3f,%.3f,%.3f,%.2f,%.2f,%s,%.3f\n", o.kind.c_str(),
              static_cast<long long>(o.rate), static_cast<unsigned long long>(h.count()),
              h.Millis(0.5), h.Millis(0.99), h.Millis(0.999), h.MaxMillis(), cpu / seconds, seconds,
              seconds < static_cast<double>(o.seconds) * 1.02 + 0.1 ? "sustained" : "not sustained",
              lateness.Millis(0.999));
  return 0;
}
