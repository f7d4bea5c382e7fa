#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/api/job_runner.h"
#include "millrace/graph/plan.h"
#include "millrace/operators/user_error.h"
#include "runtime/isolated_job.h"
#include "runtime/job_report.h"
#include "runtime/job_setup.h"
#include "runtime/local/local_cluster.h"
#include "runtime/local/supervisor.h"
#include "runtime/run_name.h"
#include "runtime/worker_part.h"
#include "runtime/workers/worker_order.h"
#include "src/base/crash_report.h"

namespace millrace {
namespace {

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
    ReportCrashesTo(order->report_fd);
    if (PlanHash(bytes) == order->plan_hash) {
      result = order->control_fd >= 0 ? RunPart(bytes, job, options, *order)
                                      : RunHere(bytes, job, options);
    } else {
      result.status = Status::InvalidArgument(
          "main has built another plan in the worker process than before: a job's graph, "
          "names and parallelism must not depend on time, chance or the environment");
    }
    result.in_worker = true;
    return result;
  }

 private:
  static Result<std::unique_ptr<JobCheckpoints>> OpenCheckpoints(const CheckpointOptions& options,
                                                                 const std::string& run,
                                                                 const std::string& job) {
    auto wanted = CheckpointOptionsOf(options);
    if (!wanted.ok()) return wanted.status();
    wanted.value().run = run;
    return JobCheckpoints::Open(wanted.value(), job);
  }
  JobResult RunHere(const std::string& bytes, const GraphBuilder& job, const RunOptions& options) {
    JobResult result;
    Result<JobPlan> plan = ParsePlan(bytes);
    if (!plan.ok()) {
      result.status = plan.status();
      return result;
    }
    ManualClock manual(1700000000000);
    DeploymentOptions deployment = DeploymentOptionsOf(options);
    if (options.seeded) deployment.clock = &manual;
    deployment.run = options.checkpoints.run.empty() ? NewRunName() : options.checkpoints.run;
    const BuilderRegistry registry(job);
    if (options.supervised) {
      for (const std::string& warning : plan.value().warnings)
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    if (const auto fits = PlanBatchesOf(plan.value(), registry, deployment); !fits.ok()) {
      result.status = fits.status();
      return result;
    }
    std::unique_ptr<JobCheckpoints> checkpoints;
    if (!options.checkpoints.dir.empty()) {
      auto opened = OpenCheckpoints(options.checkpoints, deployment.run, plan.value().job_name);
      if (!opened.ok()) {
        result.status = opened.status();
        return result;
      }
      checkpoints = std::move(opened).value();
      deployment.checkpoints = checkpoints.get();
    }
    const std::int64_t began = SystemClock::Get().NowNanos();
    std::unique_ptr<LocalCluster> deployed;
    try {  // enumerators are made here: a source that finds nothing to read says so
      deployed = std::make_unique<LocalCluster>(std::move(plan).value(), registry, deployment);
    } catch (...) {
      result.status = Status(StatusCode::kFailedPrecondition,
                             "deploy the job: " + internal::DescribeException());
      return result;
    }
    LocalCluster& cluster = *deployed;
    const std::optional<WorkerOrder>& order = ThisWorkersOrder();
    std::optional<Supervisor> supervisor;
    if (options.supervised)
      supervisor.emplace(&cluster, order ? std::optional(order->parent) : std::nullopt);
    if (options.seeded) {
      cluster.RunSeeded(options.seed, &manual, options.crash_after);
    } else {
      result.status = cluster.RunThreads();
    }
    if (supervisor.has_value()) result.signal = supervisor->Finish();
    result.seconds = static_cast<double>(SystemClock::Get().NowNanos() - began) / 1e9;
    if (cluster.crashed())
      result.status = Status(StatusCode::kAborted, "stopped in the middle, as -D test.crash says");
    result.warnings = deployed->deployment().plan().warnings;
    ReportJob(cluster, registry, &result);
    return result;
  }

  int isolated_jobs_ = 0;
};

}  // namespace

JobRunner& JobRunner::Get() {
  static LocalRunner runner;
  return runner;
}

}  // namespace millrace
