#pragma once

#include <cstdint>
#include <functional>
#include <string>

/// What the benchmark programs share: a child process per measured row, and the columns of baseline/README.md.
namespace benchmark_support {

/// What a run tells besides its times.
struct Outcome {
  std::string rows, checksum;                           // with --check
  double longest_step_cpu_ms = 0, longest_step_ms = 0;  // with --steps
  double per_second = 0;     // of a program that measures a part of its run
  double checkpoint_mb = 0;  // written by all checkpoints
};

struct Measured {
  bool ok = false;
  int exit_code = 1;
  double seconds = 0, cpu = 0, peak_rss_mb = 0;
  Outcome outcome;
};

/// Runs `work` in a child process and measures its wall time, CPU time and peak memory.
Measured MeasureInChild(const std::function<Outcome()>& work);

struct Row {
  std::string query, variant;
  int parallelism = 1;
  std::int64_t events = 0;
  Measured measured;
  double ns() const { return measured.cpu / static_cast<double>(events) * 1e9; }
};

/// Columns behind those of every program: longest_step_cpu_ms (CPU time of the step's thread) and longest_step_ms (wall time);
/// checkpoint_mb.
enum class More { kNone, kSteps, kCheckpoints };
void PrintHeader(More more = More::kNone);
/// `generator_ns` and `hand_ns` (ns of CPU per event): 0 leaves the columns that need them empty.
void PrintRow(const Row& row, double generator_ns, double hand_ns, More more = More::kNone);

/// "500K", "20M" as a number; exits with a message of `program` when it is none.
std::int64_t ParseNumber(const std::string& program, const std::string& text);

}  // namespace benchmark_support
