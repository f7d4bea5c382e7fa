#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/graph/plan.h"
#include "millrace/v1/worker.pb.h"
#include "runtime/checkpoint/restore/job_recovery.h"
#include "runtime/checkpoint/restore/restart_strategy.h"

namespace millrace {

/// `--isolated --workers N`: runs a job in N worker processes of this executable, and watches over them. When one dies or
/// fails, all are ended, and the job goes on from its newest complete checkpoint in new ones.
class JobMaster {
 public:
  struct Options {
    int job = 0;  // which Execute of main, from 0
    int workers = 1;
    RestartSettings restart;
    std::string run;                  // a name that no other run of any job has
    JobRecovery* recovery = nullptr;  // null: no checkpoints are taken, and nothing is tried again
  };
  struct Outcome {
    Status status;
    bool cancelled = false;
    int signal = 0;
    int restarts = 0;
    std::vector<v1::WorkerReport> reports;
  };

  JobMaster(std::string plan_bytes, JobPlan plan, const Options& options)
      : plan_bytes_(std::move(plan_bytes)),
        plan_(std::move(plan)),
        options_(options),
        strategy_(options.restart, 1) {}

  /// Until the job has ended. SIGINT and SIGTERM end it; a second one kills the workers and this process.
  Outcome Run();

 private:
  class Signals;
  /// `again`: another attempt makes sense, if it fails.
  Status RunOnce(int number, Signals& signals, Outcome* outcome, bool* again);
  /// False when a signal has come meanwhile.
  bool WaitToRestart(std::int64_t nanos, Signals& signals, Outcome* outcome);

  const std::string plan_bytes_;
  const JobPlan plan_;
  const Options options_;
  RestartStrategy strategy_;
};

}  // namespace millrace
