// How long a checkpoint takes in a job whose sink can't keep up: all channels are full, and a record takes the sink 200 us of
// CPU. Once with barriers that overtake records, and on request with aligned ones; one CSV row each.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmarks/support/checkpoint_folder.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/quantile.h"
#include "benchmarks/support/settings.h"
#include "millrace/graph/checkpoint_report.h"
#include "millrace/millrace.h"

namespace {

using benchmark_support::Quantile;

constexpr char kOver[] = "the time is over";

struct Options {
  std::int64_t micros = 200;
  std::int64_t parallelism = 4;
  std::int64_t seconds = 20;
  std::vector<std::string> modes = {"unaligned"};
  std::vector<std::string> settings;
};

[[noreturn]] void Usage(const std::string& why) {
  std::fprintf(stderr,
               "pressure: %s\nusage: pressure [--micros 200] [--parallelism 4] [--seconds 20] "
               "[--mode unaligned|aligned|both] [-D key=value ...]\n",
               why.c_str());
  std::exit(2);
}

Options Parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (i + 1 == argc) Usage(flag + " needs a value");
    const std::string value = argv[++i];
    if (flag == "--micros") {
      o.micros = benchmark_support::ParseNumber("pressure", value);
    } else if (flag == "--parallelism") {
      o.parallelism = benchmark_support::ParseNumber("pressure", value);
    } else if (flag == "--seconds") {
      o.seconds = benchmark_support::ParseNumber("pressure", value);
    } else if (flag == "--mode") {
      o.modes = value == "both" ? std::vector<std::string>{"unaligned", "aligned"}
                                : std::vector<std::string>{value};
    } else if (flag == "-D") {
      o.settings.push_back(value);
    } else {
      Usage("unknown option " + flag);
    }
  }
  return o;
}

std::int64_t Nanos(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

/// Takes so much CPU time for each record. Ends the job when the time is over: what is in flight would take minutes.
struct Burning {
  std::int64_t nanos, over;
  struct Writer {
    std::int64_t nanos, over;
    void Write(std::int64_t, millrace::EventTime) {
      if (Nanos(CLOCK_MONOTONIC) > over) throw std::runtime_error(kOver);
      const std::int64_t end = Nanos(CLOCK_THREAD_CPUTIME_ID) + nanos;
      while (Nanos(CLOCK_THREAD_CPUTIME_ID) < end) {
      }
    }
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {nanos, over}; }
};

int Run(const Options& o, const std::string& mode) {
  const benchmark_support::CheckpointFolder folder;
  millrace::StreamEnvironment env;
  std::vector<std::string> settings = folder.Settings("500ms");
  settings.push_back("checkpoint.mode=" + mode);
  settings.push_back("checkpoint.history=1000");
  settings.push_back("restart-strategy.type=none");
  settings.insert(settings.end(), o.settings.begin(), o.settings.end());
  benchmark_support::Apply(settings, env);
  env.SetParallelism(static_cast<int>(o.parallelism));
  const std::int64_t end = Nanos(CLOCK_MONOTONIC) + o.seconds * 1000000000;
  const std::int64_t begin_millis = Nanos(CLOCK_REALTIME) / 1000000 + 2000;
  const std::int64_t end_millis = begin_millis - 2000 + o.seconds * 1000;
  env.FromSource("numbers", millrace::Generate([](std::int64_t i) { return i; }))
      .KeyBy([](std::int64_t n) { return n % 1000; })
      .Reduce("sums", [](std::int64_t a, std::int64_t b) { return a + b; })
      .SinkTo("burning", Burning{o.micros * 1000, end});
  const millrace::JobResult result = env.Run("pressure");
  std::vector<double> done, delay, kilobytes;
  std::uint64_t failed = 0;
  if (result.checkpoints != nullptr) {
    for (const auto& report : result.checkpoints->recent) {
      if (report.began_millis < begin_millis || report.began_millis > end_millis - 1000) continue;
      failed += report.failure.empty() ? 0 : 1;
      done.push_back(static_cast<double>(report.nanos) / 1e6);
      kilobytes.push_back(static_cast<double>(report.in_flight()) / 1e3);
      double longest = 0;
      for (const auto& s : report.subtasks)
        longest = std::max(longest, static_cast<double>(s.start_delay) / 1e6);
      delay.push_back(longest);
    }
  }
  std::printf("%s,%lld,%lld,%zu,%llu,%.1f,%.1f,%.1f,%.1f\n", mode.c_str(),
              static_cast<long long>(o.micros), static_cast<long long>(o.parallelism), done.size(),
              static_cast<unsigned long long>(failed), Quantile(done, 0.5), Quantile(done, 1),
              Quantile(delay, 0.5), Quantile(kilobytes, 0.5));
  std::fflush(stdout);
  // Its end is a failure, and no other is.
  const bool ended = result.status.message().find(kOver) != std::string::npos;
  if (!done.empty() && ended) return 0;
  std::fprintf(stderr, "pressure: %s, %zu checkpoints measured: %s\n", mode.c_str(), done.size(),
               result.status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  std::printf(
      "variant,micros,parallelism,checkpoints,failed,done_ms_median,done_ms_max,start_delay_ms_"
      "median,"
      "in_flight_kb_median\n");
  int worst = 0;
  for (const std::string& mode : o.modes) worst = std::max(worst, Run(o, mode));
  return worst;
}
