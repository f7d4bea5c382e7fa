#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/api/graph_builder.h"
#include "millrace/base/log.h"
#include "millrace/base/status.h"
#include "millrace/graph/recovery_settings.h"

namespace millrace {

struct CheckpointHistory;

/// How a job runs here: what `--...` and `-D key=value` say.
struct RunOptions {
  bool seeded = false;  // driver=seeded: one thread, seeded order, manual clock
  std::uint64_t seed = 1;
  bool serialized = false;  // exchange=serialized: every edge passes the wire codec
  std::int64_t memory = std::int64_t{1} << 30;
  std::uint32_t batch_rows = kDefaultBatchRows;
  CheckpointSettings checkpoints;
  RestartSettings restart;
  std::string run;  // a name that no other run of any job has; empty: one is made up
  std::uint64_t crash_after =
      0;  // for tests: the seeded driver stops after so many turns, as if it were killed
  bool measure_steps = false;  // steps=measured: the longest step of each vertex
  bool isolated = false;       // --isolated: in a worker process
  int workers = 0;  // --workers: in so many of them, started again when one dies; 0: not given
  LogLevel log_level = kInfo;
  bool supervised =
      false;  // started by a person: Ctrl-C ends it, a progress line, warnings of slow steps
};

/// What one operator did, summed over its subtasks.
struct OperatorReport {
  std::string name;
  int parallelism = 1;
  std::uint64_t in = 0, out = 0, filtered = 0, late = 0, skipped = 0, overdraft = 0;
  std::int64_t watermark = INT64_MIN;  // of the slowest subtask; INT64_MAX at the end of input
  bool timed = false;                  // its records bear event time; else it has no watermark
  std::uint64_t state_rows = 0, state_bytes = 0, timers = 0;  // what is kept now
  struct Step {
    std::string name;
    std::uint64_t in = 0, out = 0;
  };
  std::vector<Step> steps;
};
/// Where the time of a vertex's tasks went, summed over its subtasks: the four sum to the time that their slots ran. All 0
/// under the seeded driver, whose clock does not move with the work.
struct VertexReport {
  std::string name;
  double busy = 0, idle = 0, blocked = 0, runnable = 0;  // seconds
  double longest_step = 0, longest_step_cpu = 0;         // seconds; with -D steps=measured
};

/// How often a region of the job was started again while the others ran on.
struct RegionRestarts {
  std::vector<std::string> vertices;
  int subtask = -1;               // of these; -1: all of them, or more than one
  std::size_t tasks = 0, of = 0;  // of the region, of the job
  std::uint64_t restarts = 0;
};

/// How a job has ended and what it has done: what `StreamEnvironment::Run` gives. Plan mistakes are INVALID_ARGUMENT, failures
/// of user code and of connectors ABORTED.
struct JobResult {
  Status status;           // why it failed
  bool cancelled = false;  // by Ctrl-C or SIGTERM
  int signal = 0;          // which of them
  double seconds = 0;
  std::optional<int>
      worker_exit_code;  // the job ran in a worker process, which has said everything
  bool in_worker =
      false;  // this is the worker, whose one job is done: it ends with the job's exit code
  std::int64_t peak_memory = 0;       // charged bytes
  std::vector<std::string> warnings;  // of the plan
  std::vector<OperatorReport> operators;
  std::vector<VertexReport> vertices;
  std::uint64_t restarts = 0;  // operators and vertices are those of the last attempt
  std::vector<RegionRestarts>
      region_restarts;  // those of `restarts` that were not of the whole job
  std::shared_ptr<const CheckpointHistory> checkpoints;  // null: it takes none
};

/// Executes a serialized plan. Declared here, defined by the link library for every personality, so that the API
/// does not know the runtime.
class JobRunner {
 public:
  virtual ~JobRunner() = default;
  virtual JobResult Run(const std::string& plan, const GraphBuilder& job,
                        const RunOptions& options) = 0;
  static JobRunner& Get();
};

}  // namespace millrace
