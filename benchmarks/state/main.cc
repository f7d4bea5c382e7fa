// What checkpoints of a large keyed state cost: rows of an 8-byte key and an 88-byte value (or one of 8 bytes), filled first, then updated, the
// same share of them in each interval. Once without checkpoints and once with; one CSV row each. The pause of a checkpoint is
// the CPU time of the longest step while it writes; the longest steps are those of the whole run, filling included.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/state/state_rows.h"
#include "benchmarks/support/checkpoint_folder.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/quantile.h"
#include "benchmarks/support/settings.h"
#include "millrace/graph/checkpoint_report.h"
#include "millrace/millrace.h"

namespace {

using benchmark_support::Quantile;
using state_rows::Update;

struct Options {
  std::int64_t rows = 10000000;
  std::int64_t changed = 500000;  // rows in an interval
  std::int64_t rate = 0;          // updates a second; 0: flat out
  std::int64_t interval = 1000;   // milliseconds
  std::int64_t seconds = 15;
  std::string variant = "both";
  bool small = false;  // values of 8 bytes
  std::vector<std::string> settings;
};

[[noreturn]] void Usage(const std::string& why) {
  std::fprintf(stderr,
               "state: %s\nusage: state [--rows 10M] [--changed 500K] [--rate 0] [--interval "
               "MILLISECONDS] [--seconds 15]\n"
               "       [--checkpoints both|on|off] [--value 88|8] [-D key=value ...]\n",
               why.c_str());
  std::exit(2);
}

Options Parse(int argc, char** argv) {
  Options o;
  const auto number = [](const std::string& text) {
    return benchmark_support::ParseNumber("state", text);
  };
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (i + 1 == argc) Usage(flag + " needs a value");
    const std::string value = argv[++i];
    if (flag == "--value") {
      if (value != "88" && value != "8") Usage("--value " + value);
      o.small = value == "8";
    } else if (flag == "--rows") {
      o.rows = number(value);
    } else if (flag == "--changed") {
      o.changed = number(value);
    } else if (flag == "--rate") {
      o.rate = number(value);
    } else if (flag == "--interval") {
      o.interval = number(value);
    } else if (flag == "--seconds") {
      o.seconds = number(value);
    } else if (flag == "--checkpoints") {
      if (value != "both" && value != "on" && value != "off") Usage("--checkpoints " + value);
      o.variant = value;
    } else if (flag == "-D") {
      o.settings.push_back(value);
    } else {
      Usage("unknown option " + flag);
    }
  }
  if (o.rows < 1 || o.changed < 1 || o.changed > o.rows)
    Usage("--changed is 1 to the number of rows");
  return o;
}

/// Clock, CPU time of the process and its memory at one moment.
struct Reading {
  double wall = 0, cpu = 0, rss_mb = 0;
  double wall_clock_millis = 0;  // since the epoch
  static Reading Now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    Reading r;
    r.wall = static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    clock_gettime(CLOCK_REALTIME, &t);
    r.wall_clock_millis =
        static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
    r.cpu = static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
    std::ifstream in("/proc/self/statm");
    double pages = 0;
    in >> pages >> pages;
    r.rss_mb = pages * 4096 / 1048576;
    return r;
  }
};
Reading g_begin, g_end;

/// Which row the i-th update is for, so that `changed` different rows are changed in each interval, wherever it begins: one
/// of a window of half as many, which moves on by half as many rows in an interval. They stand far apart in memory. When all
/// rows are changed, each is changed once, then each again.
struct Schedule {
  std::int64_t rows, changed, per_interval;  // updates in an interval
  Update At(std::int64_t i) const {
    constexpr std::int64_t kPrime = 2654435761;
    if (changed == rows) return {i % rows * kPrime % rows, i};
    const std::int64_t window = (changed + 1) / 2, moved = changed - window;
    const auto within = static_cast<std::int64_t>((static_cast<std::uint64_t>(i) * 2654435761U) %
                                                  static_cast<std::uint64_t>(window));
    // In two parts: no product overflows.
    const std::int64_t begin = i / per_interval * moved + i % per_interval * moved / per_interval;
    return {(begin + within) % rows, i};
  }
};

template <class Value>
struct Apply : millrace::KeyedProcessFunction<std::int64_t, Update, std::int64_t> {
  millrace::ValueState<Value> state{this, "value"};
  void ProcessElement(const Update& u, auto&, millrace::Collector<std::int64_t>& out) {
    Value& v = state.Mutable();
    state_rows::Apply(u, &v);
    if (u.value % 1024 == 0) out.Emit(v.sum);
  }
};

struct Discard {
  struct Writer {
    void Write(std::int64_t, millrace::EventTime) {}
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {}; }
};

/// Fills the rows, then updates them; readings are taken when update `begin` and `end` are made.
template <class Value>
void Build(const Options& o, const Schedule& schedule, std::int64_t begin, std::int64_t end,
           millrace::StreamEnvironment& env) {
  const auto update = [schedule, begin, end](std::int64_t i) {
    if (i == begin) g_begin = Reading::Now();
    if (i == end) g_end = Reading::Now();
    return schedule.At(i);
  };
  const std::int64_t rows = o.rows;
  if (o.rate == 0) {
    env.FromSource("updates", millrace::Generate([rows, update](std::int64_t i) {
                                return i < rows ? Update{i, 0} : update(i - rows);
                              }).Count(rows + end + 1))
        .KeyBy(&Update::key)
        .Process("apply", Apply<Value>{})
        .SinkTo("discard", Discard{});
    return;
  }
  auto fill = env.FromSource(
      "fill", millrace::Generate([](std::int64_t i) { return Update{i, 0}; }).Count(rows));
  auto updates = env.FromSource(
      "updates", millrace::Generate(update).Count(end + 1).Rate(static_cast<double>(o.rate)));
  fill.Union(updates)
      .KeyBy(&Update::key)
      .Process("apply", Apply<Value>{})
      .SinkTo("discard", Discard{});
}

/// What the checkpoints of the measured time have to say.
struct Seen {
  std::vector<double> done, megabytes, steps;  // milliseconds, CPU milliseconds; a value for each
  double slice = 0;
  explicit Seen(const millrace::JobResult& result) {
    if (result.checkpoints == nullptr) return;
    for (const auto& report : result.checkpoints->recent) {
      if (static_cast<double>(report.began_millis) < g_begin.wall_clock_millis) continue;
      done.push_back(static_cast<double>(report.nanos) / 1e6);
      megabytes.push_back(static_cast<double>(report.bytes()) / 1e6);
      double step = 0;
      for (const auto& s : report.subtasks) {
        slice = std::max(slice, static_cast<double>(s.longest) / 1e6);
        step = std::max(step, static_cast<double>(s.step) / 1e6);
      }
      steps.push_back(step);
    }
  }
};

/// Prints the row, up to what only the parent knows. Updates a second that were measured.
double Run(const Options& o, double per_second, bool checkpoints) {
  // Warm, and the source has caught up.
  const auto begin = static_cast<std::int64_t>(per_second * (o.rate == 0 ? 2 : 16));
  const auto end = begin + static_cast<std::int64_t>(per_second * static_cast<double>(o.seconds));
  const auto per_interval = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(per_second * static_cast<double>(o.interval) / 1000));
  const benchmark_support::CheckpointFolder folder;
  millrace::StreamEnvironment env;
  std::vector<std::string> settings = {"memory=8GiB", "steps=measured", "checkpoint.history=10000"};
  if (checkpoints) {
    for (std::string& s : folder.Settings(std::to_string(o.interval) + "ms"))
      settings.push_back(std::move(s));
  }
  settings.insert(settings.end(), o.settings.begin(), o.settings.end());
  benchmark_support::Apply(settings, env);
  const Schedule schedule{o.rows, o.changed, per_interval};
  if (o.small) {
    Build<state_rows::Small>(o, schedule, begin, end, env);
  } else {
    Build<state_rows::Value>(o, schedule, begin, end, env);
  }
  const millrace::JobResult result = env.Run("state");
  if (!result.status.ok()) {
    std::fprintf(stderr, "state: %s\n", result.status.ToString().c_str());
    std::exit(1);
  }
  const Seen seen(result);
  std::uint64_t completed = 0, failed = 0;
  if (result.checkpoints != nullptr) {
    completed = result.checkpoints->completed;
    failed = result.checkpoints->failed;
  }
  double step_cpu = 0, step = 0;
  for (const auto& v : result.vertices) {
    step_cpu = std::max(step_cpu, v.longest_step_cpu * 1e3);
    step = std::max(step, v.longest_step * 1e3);
  }
  const double seconds = g_end.wall - g_begin.wall;
  const auto count = static_cast<double>(end - begin);
  std::printf(
      "%s,%lld,%lld,%lld,%.1f,%.0f,%.1f,%.1f,%llu,%llu,%.0f,%.0f,%.0f,%.3f,%.3f,%.3f,%.3f,%.3f,%."
      "0f",
      checkpoints ? "on" : "off", static_cast<long long>(o.rows), static_cast<long long>(o.changed),
      static_cast<long long>(o.interval), seconds, count / seconds,
      (g_end.cpu - g_begin.cpu) / count * 1e9, g_end.rss_mb,
      static_cast<unsigned long long>(completed), static_cast<unsigned long long>(failed),
      Quantile(seen.done, 0.5), Quantile(seen.done, 1), Quantile(seen.megabytes, 0.5), seen.slice,
      Quantile(seen.steps, 0.5), Quantile(seen.steps, 0.99), step_cpu, step,
      checkpoints ? benchmark_support::WriteRate(folder.path(), 256) : 0);
  return count / seconds;
}

/// In a child of its own: the memory of one variant is not the other's. Updates a second.
double RunInChild(const Options& o, double per_second, bool checkpoints) {
  const auto measured = benchmark_support::MeasureInChild([&] {
    benchmark_support::Outcome outcome;
    outcome.per_second = Run(o, per_second, checkpoints);
    return outcome;
  });
  if (!measured.ok) std::exit(std::max(1, measured.exit_code));
  std::printf(",%.1f\n", measured.peak_rss_mb);
  std::fflush(stdout);
  return measured.outcome.per_second;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  std::printf(
      "variant,rows,changed,interval_ms,seconds,updates_per_s,cpu_ns_per_update,rss_mb,"
      "completed,"
      "failed,done_ms_median,done_ms_max,mb_median,longest_slice_ms,pause_ms_median,pause_ms_p99,"
      "longest_step_cpu_ms,longest_step_ms,write_rate_mb_s,peak_rss_mb\n");
  std::fflush(stdout);
  double rate = o.rate != 0 ? static_cast<double>(o.rate) : 12e6;  // about what it will be
  if (o.variant != "on" || o.rate == 0) {
    const double measured = RunInChild(o, rate, false);
    if (o.rate == 0) rate = measured;
  }
  if (o.variant != "off") RunInChild(o, rate, true);
  return 0;
}
