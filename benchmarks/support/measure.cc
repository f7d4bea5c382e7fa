#include "benchmarks/support/measure.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace benchmark_support {
namespace {

double Seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}
double Now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// VmHWM begins anew in a child, unlike ru_maxrss, which begins with the parent's.
double PeakMegabytes() {
  double megabytes = 0;
  if (std::FILE* file = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      long long kib = 0;
      if (std::sscanf(line, "VmHWM: %lld kB", &kib) == 1)
        megabytes = static_cast<double>(kib) / 1024;
    }
    std::fclose(file);
  }
  return megabytes;
}

}  // namespace

Measured MeasureInChild(const std::function<Outcome()>& work) {
  Measured m;
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return m;
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    const double began = Now();
    const Outcome outcome = work();
    const double wall = Now() - began;
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    char text[256];
    const int n =
        std::snprintf(text, sizeof(text), "%.9f %.9f %.1f %.6f %.6f %.3f %.6f %s %s\n", wall,
                      Seconds(use.ru_utime) + Seconds(use.ru_stime), PeakMegabytes(),
                      outcome.longest_step_cpu_ms, outcome.longest_step_ms, outcome.per_second,
                      outcome.checkpoint_mb, outcome.rows.empty() ? "-" : outcome.rows.c_str(),
                      outcome.checksum.empty() ? "-" : outcome.checksum.c_str());
    const bool written = write(pipe_ends[1], text, static_cast<std::size_t>(n)) == n;
    std::fflush(stdout);
    _exit(written ? 0 : 1);
  }
  close(pipe_ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = read(pipe_ends[0], buffer, sizeof(buffer))) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  m.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  char rows[64], checksum[64];
  m.ok = m.exit_code == 0 &&
         std::sscanf(text.c_str(), "%lf %lf %lf %lf %lf %lf %lf %63s %63s", &m.seconds, &m.cpu,
                     &m.peak_rss_mb, &m.outcome.longest_step_cpu_ms, &m.outcome.longest_step_ms,
                     &m.outcome.per_second, &m.outcome.checkpoint_mb, rows, checksum) == 9;
  if (m.ok && rows[0] != '-') m.outcome.rows = rows;
  if (m.ok && checksum[0] != '-') m.outcome.checksum = checksum;
  return m;
}

void PrintHeader(More more) {
  std::printf(
      "query,variant,parallelism,backend,events,seconds,cores,events_per_s,events_per_s_per_core,"
      "peak_rss_mb,"
      "result_rows,result_checksum,ns_per_event,net_ns_per_event,over_gen,x_hand,net_x_hand%s\n",
      more == More::kSteps         ? ",longest_step_cpu_ms,longest_step_ms"
      : more == More::kCheckpoints ? ",checkpoint_mb"
                                   : "");
  std::fflush(stdout);
}

void PrintRow(const Row& row, double generator_ns, double hand_ns, More more) {
  const Measured& m = row.measured;
  const auto events = static_cast<double>(row.events);
  std::printf("%s,%s,%d,heap,%lld,%.3f,%.3f,%.0f,%.0f,%.1f,%s,%s,%.2f,", row.query.c_str(),
              row.variant.c_str(), row.parallelism, static_cast<long long>(row.events), m.seconds,
              m.cpu / m.seconds, events / m.seconds, events / m.cpu, m.peak_rss_mb,
              m.outcome.rows.c_str(), m.outcome.checksum.c_str(), row.ns());
  if (generator_ns > 0) {
    std::printf("%.2f,%.3f,", row.ns() - generator_ns, row.ns() / generator_ns);
  } else {
    std::printf(",,");
  }
  if (hand_ns > 0) std::printf("%.3f", hand_ns / row.ns());
  std::printf(",");
  if (hand_ns > 0 && generator_ns > 0)
    std::printf("%.3f", (hand_ns - generator_ns) / (row.ns() - generator_ns));
  if (more == More::kSteps && m.outcome.longest_step_ms > 0) {
    std::printf(",%.3f,%.3f", m.outcome.longest_step_cpu_ms, m.outcome.longest_step_ms);
  } else if (more == More::kSteps) {
    std::printf(",,");
  } else if (more == More::kCheckpoints) {
    std::printf(",%.3f", m.outcome.checkpoint_mb);
  }
  std::printf("\n");
  std::fflush(stdout);
}

std::int64_t ParseNumber(const std::string& program, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string suffix = end;
  const double factor = suffix.empty() ? 1 : suffix == "K" ? 1e3 : suffix == "M" ? 1e6 : 0;
  if (end == text.c_str() || factor == 0 || value <= 0) {
    std::fprintf(stderr, "%s: '%s' is not a number such as 500K or 20M\n", program.c_str(),
                 text.c_str());
    std::exit(2);
  }
  return static_cast<std::int64_t>(value * factor);
}

}  // namespace benchmark_support
