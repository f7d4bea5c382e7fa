#include "runtime/worker_part.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "millrace/graph/checkpoint_report.h"
#include "millrace/operators/user_error.h"
#include "runtime/job_report.h"
#include "runtime/job_setup.h"
#include "runtime/local/supervisor.h"
#include "runtime/run_name.h"
#include "runtime/workers/job_master.h"
#include "runtime/workers/worker_agent.h"
#include "src/base/fail_point.h"

namespace millrace {
namespace {

/// A part's checkpoints: another process has the folder, and coordinates them.
struct GivenCheckpoints {
  std::unique_ptr<CheckpointStore> store;
  std::unique_ptr<JobCheckpoints> checkpoints;  // null: none are taken
};

Result<GivenCheckpoints> OpenGiven(const v1::DeployWorker& deploy, const RunOptions& options,
                                   const JobPlan& plan) {
  GivenCheckpoints given;
  if (deploy.checkpoint_folder().empty()) return given;
  const auto folder = LocateFiles(deploy.checkpoint_folder());
  if (!folder.ok()) return folder.status();
  given.store = CheckpointStore::OpenedElsewhere(folder.value().files, folder.value().path);
  if (!deploy.local_copy().empty()) {
    auto local = LocalCopy::OpenedElsewhere(deploy.local_copy());
    if (!local.ok()) return local.status();
    given.store->SetLocalCopy(std::move(local).value());
  }
  JobCheckpoints::Begin begin;
  begin.settings = options.checkpoints;
  begin.plan = &plan;
  begin.store = given.store.get();
  begin.clock = &SystemClock::Get();
  begin.run = deploy.run();
  begin.job_id = deploy.job_id();
  begin.manifest = deploy.manifest();
  begin.point.in_place = deploy.in_place();
  begin.first = deploy.first_checkpoint();
  begin.coordinates = false;
  if (!deploy.manifest().empty()) {
    auto restore = CheckpointRestore::OpenManifest(
        deploy.manifest(), deploy.in_place() ? given.store->local_copy() : nullptr);
    if (!restore.ok()) return restore.status();
    begin.point.restore = std::move(restore).value();
  }
  given.checkpoints = std::make_unique<JobCheckpoints>(std::move(begin));
  return given;
}

/// The part from the deployment to its end. An error when it could not begin.
Status Run(JobPlan plan, const GraphBuilder& job, const RunOptions& options,
           const WorkerOrder& order, WorkerAgent* agent) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kWorkerStart));
  auto deploy = agent->AwaitDeploy();
  if (!deploy.ok()) return deploy.status();
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kWorkerDeploy));
  auto given = OpenGiven(deploy.value(), options, plan);
  if (!given.ok()) return given.status();
  JobCheckpoints* const checkpoints = given.value().checkpoints.get();
  DeploymentOptions deployment = DeploymentOptionsOf(options);
  deployment.checkpoints = checkpoints;
  deployment.run = deploy.value().run();
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
  Supervisor supervisor(cluster.get(), order.parent, Supervisor::Of::kPart);
  agent->Start(cluster.get(), checkpoints);
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
  TaskFailure failure;
  failure.fatal = PlanHash(bytes) != order.plan_hash;  // it would build another one each time
  const Status status = failure.fatal ? Status::InvalidArgument(kAnotherPlan)
                        : plan.ok()   ? Run(std::move(plan).value(), job, options, order, &agent)
                                      : plan.status();
  failure.message = status.message();
  if (!status.ok()) agent.SendFailure(failure);
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
  SayWarnings(result.warnings, options);
  int width = 1;
  for (const PlanVertex& v : plan.value().vertices) width = std::max(width, v.parallelism);
  JobMaster::Options master;
  master.job = job;
  master.workers = std::min(options.workers, width);  // more would have no subtask
  master.restart = RestartOf(options);
  master.run = options.run.empty() ? NewRunName() : options.run;
  std::unique_ptr<JobRecovery> recovery;
  if (options.checkpoints.interval_nanos > 0) {
    auto opened =
        JobRecovery::Open(options.checkpoints, master.run, &plan.value(), &SystemClock::Get());
    result.status = opened.status();
    if (!opened.ok()) return result;
    recovery = std::move(opened).value();
    master.recovery = recovery.get();
  }
  const std::int64_t began = SystemClock::Get().NowNanos();
  const JobMaster::Outcome outcome = JobMaster(bytes, plan.value(), master).Run();
  result.seconds = static_cast<double>(SystemClock::Get().NowNanos() - began) / 1e9;
  result.status = outcome.status;
  result.cancelled = outcome.cancelled;
  result.signal = outcome.signal;
  result.restarts = static_cast<std::uint64_t>(outcome.restarts);
  if (recovery != nullptr) {
    result.checkpoints = std::make_shared<CheckpointHistory>(recovery->history());
  }
  for (const v1::WorkerReport& report : outcome.reports) AddReport(report, &result);
  return result;
}

}  // namespace millrace
