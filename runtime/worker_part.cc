#include "runtime/worker_part.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "millrace/operators/user_error.h"
#include "runtime/job_report.h"
#include "runtime/job_setup.h"
#include "runtime/local/supervisor.h"
#include "runtime/run_name.h"
#include "runtime/workers/job_master.h"
#include "runtime/workers/worker_agent.h"

namespace millrace {
namespace {

Result<std::unique_ptr<JobCheckpoints>> OpenGiven(const v1::DeployWorker& deploy,
                                                  const RunOptions& options,
                                                  const std::string& job) {
  CheckpointOptions named = options.checkpoints;
  named.dir = deploy.checkpoint_folder();
  named.run = deploy.run();
  auto wanted = CheckpointOptionsOf(named);
  if (!wanted.ok()) return wanted.status();
  wanted.value().job_id = deploy.job_id();
  wanted.value().given = {deploy.manifest(), deploy.first_checkpoint()};
  return JobCheckpoints::Open(wanted.value(), job);
}

/// The part from the deployment to its end. An error when it could not begin.
Status Run(JobPlan plan, const GraphBuilder& job, const RunOptions& options,
           const WorkerOrder& order, WorkerAgent* agent) {
  auto deploy = agent->AwaitDeploy();
  if (!deploy.ok()) return deploy.status();
  std::unique_ptr<JobCheckpoints> checkpoints;
  if (!deploy.value().checkpoint_folder().empty()) {
    auto opened = OpenGiven(deploy.value(), options, plan.job_name);
    if (!opened.ok()) return opened.status();
    checkpoints = std::move(opened).value();
  }
  DeploymentOptions deployment = DeploymentOptionsOf(options);
  deployment.run = deploy.value().run();
  deployment.checkpoints = checkpoints.get();
  deployment.placement = {order.worker, order.workers};
  deployment.peers = order.peers;
  deployment.courier = agent;
  const BuilderRegistry registry(job);
  std::unique_ptr<LocalCluster> cluster;
  try {
    cluster = std::make_unique<LocalCluster>(std::move(plan), registry, deployment);
  } catch (...) {
    return Status(StatusCode::kFailedPrecondition,
                  "deploy the job: " + internal::DescribeException());
  }
  Supervisor supervisor(cluster.get(), order.parent, /*progress=*/false);
  agent->Start(cluster.get(), checkpoints.get());
  const Status status = cluster->RunThreads();
  agent->Stop();
  supervisor.Finish();
  if (const auto failure = cluster->failure(); failure.has_value()) {
    agent->SendFailure(*failure);
  } else if (status.ok()) {
    JobResult result;
    ReportJob(*cluster, registry, &result);
    agent->SendReport(ToMessage(result));
  }
  return status;
}

}  // namespace

JobResult RunPart(const std::string& bytes, const GraphBuilder& job, const RunOptions& options,
                  const WorkerOrder& order) {
  JobResult result;
  result.in_worker = true;
  WorkerAgent agent(order.control_fd);
  Result<JobPlan> plan = ParsePlan(bytes);
  const Status status =
      plan.ok() ? Run(std::move(plan).value(), job, options, order, &agent) : plan.status();
  if (!status.ok()) agent.SendFailure({"", "", 0, status.message()});
  result.worker_exit_code = status.ok() ? 0 : 1;
  return result;
}

JobResult RunInWorkers(const std::string& bytes, int job, const RunOptions& options) {
  JobResult result;
  Result<JobPlan> plan = ParsePlan(bytes);
  if (!plan.ok()) {
    result.status = plan.status();
    return result;
  }
  result.warnings = plan.value().warnings;
  int width = 1;
  for (const PlanVertex& v : plan.value().vertices) width = std::max(width, v.parallelism);
  JobMaster::Options master;
  master.job = job;
  master.workers = std::min(options.workers, width);  // more would have no subtask
  constexpr int kRestarts = 10;
  master.restarts = kRestarts;
  master.run = options.checkpoints.run.empty() ? NewRunName() : options.checkpoints.run;
  if (!options.checkpoints.dir.empty()) {
    auto checkpoints = CheckpointOptionsOf(options.checkpoints);
    if (!checkpoints.ok()) {
      result.status = checkpoints.status();
      return result;
    }
    master.checkpoints = std::move(checkpoints).value();
    master.checkpoint_dir = options.checkpoints.dir;
  }
  const std::int64_t began = SystemClock::Get().NowNanos();
  const JobMaster::Outcome outcome = JobMaster(bytes, std::move(plan).value(), master).Run();
  result.seconds = static_cast<double>(SystemClock::Get().NowNanos() - began) / 1e9;
  result.status = outcome.status;
  result.cancelled = outcome.cancelled;
  result.signal = outcome.signal;
  for (const v1::WorkerReport& report : outcome.reports) AddReport(report, &result);
  return result;
}

}  // namespace millrace
