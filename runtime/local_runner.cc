#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/api/job_runner.h"
#include "millrace/graph/checkpoint_report.h"
#include "millrace/graph/plan.h"
#include "runtime/isolated_job.h"
#include "runtime/job_report.h"
#include "runtime/job_setup.h"
#include "runtime/local/local_job.h"
#include "runtime/local/supervisor.h"
#include "runtime/run_name.h"
#include "runtime/worker_part.h"
#include "runtime/workers/worker_order.h"
#include "src/base/crash_report.h"

namespace millrace {
namespace {

LocalJobOptions JobOptionsOf(const RunOptions& options, const std::string& run,
                             ManualClock* manual) {
  LocalJobOptions job;
  job.deployment = DeploymentOptionsOf(options);
  if (options.seeded) job.deployment.clock = manual;
  job.deployment.run = run;
  job.restart = RestartOf(options);
  job.manual = options.seeded ? manual : nullptr;
  job.seed = options.seed;
  job.crash_after = options.crash_after;
  return job;
}

/// The local personality: the serialized plan on an embedded cluster.
class LocalRunner final : public JobRunner {
 public:
  JobResult Run(const std::string& bytes, const GraphBuilder& job,
                const RunOptions& options) override {
    SetLogLevel(options.log_level);
    if (!options.isolated) return RunHere(bytes, job, options);
    const int number = isolated_jobs_++;
    const std::optional<WorkerOrder>& order = ThisWorkersOrder();
    if (!order.has_value())
      return options.workers > 0 ? RunInWorkers(bytes, number, options)
                                 : RunInWorker(bytes, number);
    JobResult result;
    if (number < order->job) {  // another worker's
      result.worker_exit_code = 0;
      return result;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker without its parent has nobody to work for
    if (getppid() != order->parent) std::_Exit(1);  // it has died before
    ReportCrashesTo(order->report_fd);
    if (order->control_fd >= 0) {
      result = RunPart(bytes, job, options, *order);
    } else if (PlanHash(bytes) == order->plan_hash) {
      result = RunHere(bytes, job, options);
    } else {
      result.status = Status::InvalidArgument(kAnotherPlan);
    }
    result.in_worker = true;
    return result;
  }

 private:
  JobResult RunHere(const std::string& bytes, const GraphBuilder& job, const RunOptions& options) {
    JobResult result;
    const Result<JobPlan> plan = ParsePlan(bytes);
    if (!plan.ok()) {
      result.status = plan.status();
      return result;
    }
    result.warnings = plan.value().warnings;
    SayWarnings(result.warnings, options);
    const BuilderRegistry registry(job);
    ManualClock manual(1700000000000);
    const std::string run = options.run.empty() ? NewRunName() : options.run;
    const LocalJobOptions job_options = JobOptionsOf(options, run, &manual);
    const auto fits = PlanBatchesOf(plan.value(), registry, job_options.deployment);
    result.status = fits.status();
    if (!fits.ok()) return result;
    std::unique_ptr<JobRecovery> recovery;
    if (options.checkpoints.interval_nanos > 0) {
      auto opened =
          JobRecovery::Open(options.checkpoints, run, &plan.value(), job_options.deployment.clock);
      result.status = opened.status();
      if (!opened.ok()) return result;
      recovery = std::move(opened).value();
    }
    LocalJob local(&plan.value(), &registry, job_options, recovery.get());
    RunSupervised(local, options, &result);
    if (recovery != nullptr) {
      result.checkpoints = std::make_shared<CheckpointHistory>(recovery->history());
    }
    if (local.cluster() != nullptr) {
      ReportJob(*local.cluster(), registry, &result);
      ReportRegions(local.cluster()->deployment(), local.region_restarts(), &result);
    }
    return result;
  }
  static void RunSupervised(LocalJob& job, const RunOptions& options, JobResult* result) {
    const std::int64_t began = SystemClock::Get().NowNanos();
    const std::optional<WorkerOrder>& order = ThisWorkersOrder();
    std::optional<Supervisor> supervisor;
    if (options.supervised)
      supervisor.emplace(&job, order ? std::optional(order->parent) : std::nullopt);
    result->status = job.Run();
    if (supervisor.has_value()) result->signal = supervisor->Finish();
    result->seconds = static_cast<double>(SystemClock::Get().NowNanos() - began) / 1e9;
    result->cancelled = job.cancelled();
    result->restarts = job.restarts();
  }

  int isolated_jobs_ = 0;
};

}  // namespace

JobRunner& JobRunner::Get() {
  static LocalRunner runner;
  return runner;
}

}  // namespace millrace
