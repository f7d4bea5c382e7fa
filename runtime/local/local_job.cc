#include "runtime/local/local_job.h"

#include <chrono>
#include <utility>

#include "millrace/operators/user_error.h"

namespace millrace {

LocalJob::LocalJob(const JobPlan* plan, const FactoryRegistry* registry,
                   const LocalJobOptions& options, JobRecovery* recovery)
    : plan_(plan),
      registry_(registry),
      options_(options),
      recovery_(recovery),
      strategy_(options.restart, options.seed) {}

Status LocalJob::Run() {
  for (;;) {
    const std::optional<Failure> failure = RunAttempt();
    if (!failure.has_value()) return Status::Ok();
    if (failure->fatal || cancelled() || recovery_ == nullptr) return GiveUp(*failure, "");
    std::optional<std::int64_t> delay;
    if (!given_up_) delay = DelayAfter(failure->message);
    if (!delay.has_value()) return GiveUp(*failure, strategy_.why());
    LogRestart(restarts_ + 1, *delay, "", failure->message);
    if (!WaitToRestart(*delay)) return Status::Ok();
    TearDown();
    ++restarts_;
  }
}

std::optional<std::int64_t> LocalJob::DelayAfter(const std::string& failure) {
  if (first_failure_.empty()) first_failure_ = failure;
  return strategy_.OnFailure(options_.deployment.clock->NowNanos());
}

namespace {

std::string Describe(const TaskFailure& failure) {
  return "operator '" + failure.op + "', subtask " + std::to_string(failure.subtask) + ": " +
         failure.message;
}

}  // namespace

std::optional<std::int64_t> LocalJob::OnRegionFailure(const TaskFailure& failure) {
  const auto delay = DelayAfter(Describe(failure));
  given_up_ = !delay.has_value();
  if (given_up_) return delay;
  ++region_restarts_[failure.region];
  const Regions& regions = cluster_->deployment().regions();
  LogRestart(++restarts_, *delay, DescribeRegion(*plan_, regions, failure.region),
             Describe(failure));
  return delay;
}

Status LocalJob::GiveUp(const Failure& last, const std::string& why) const {
  return {last.code, DescribeGivingUp(last.message, first_failure_, restarts_, why)};
}

std::optional<LocalJob::Failure> LocalJob::RunAttempt() {
  if (auto failure = Deploy(); failure.has_value()) return failure;
  if (cancelled()) return std::nullopt;
  if (options_.manual != nullptr) {
    const std::uint64_t crash_after = options_.crash_after == 0 ? 0 : options_.crash_after - turns_;
    cluster_->RunSeeded(options_.seed + restarts_, options_.manual, crash_after);
    turns_ += cluster_->turns();
  } else if (const Status ran = cluster_->RunThreads(); !ran.ok()) {
    return Failure{ran.message(), ran.code(), true};
  }
  return FailureOfCluster();
}

std::optional<LocalJob::Failure> LocalJob::Deploy() {
  DeploymentOptions options = options_.deployment;
  if (recovery_ != nullptr) {
    auto checkpoints = recovery_->NextAttempt();
    if (!checkpoints.ok())
      return Failure{checkpoints.status().message(), checkpoints.status().code(), true};
    checkpoints_ = std::move(checkpoints).value();
    options.checkpoints = checkpoints_.get();
    options.run = checkpoints_->run();
    options.separate_regions = true;
  }
  try {  // enumerators are made here: a source that finds nothing to read says so
    auto cluster = std::make_unique<LocalCluster>(*plan_, *registry_, options);
    if (cluster->deployment().separates_regions()) cluster->RestartRegions(this);
    const std::lock_guard lock(mutex_);
    cluster_ = std::move(cluster);
    return std::nullopt;
  } catch (const RestoreError& e) {
    return Failure{"deploy the job: " + std::string(e.what()) + recovery_->OtherChoices(),
                   StatusCode::kDataLoss, true};
  } catch (...) {
    return Failure{"deploy the job: " + internal::DescribeException(),
                   StatusCode::kFailedPrecondition, restarts_ == 0};
  }
}

std::optional<LocalJob::Failure> LocalJob::FailureOfCluster() const {
  if (cluster_->crashed())
    return Failure{"stopped in the middle, as -D test.crash says", StatusCode::kAborted, true};
  const std::optional<TaskFailure> failure = cluster_->failure();
  if (!failure.has_value()) return std::nullopt;
  Failure described{Describe(*failure), StatusCode::kAborted, failure->fatal || failure->closing};
  if (failure->restoring) described.message += recovery_->OtherChoices();
  return described;
}

void LocalJob::TearDown() {
  {
    const std::lock_guard lock(mutex_);
    cluster_.reset();
  }
  checkpoints_.reset();
}

bool LocalJob::WaitToRestart(std::int64_t nanos) {
  if (options_.manual != nullptr) {
    options_.manual->AdvanceNanos(nanos);
    return true;
  }
  std::unique_lock lock(mutex_);
  return !cancel_.wait_for(lock, std::chrono::nanoseconds(nanos), [this] { return cancelled_; });
}

void LocalJob::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  cancel_.notify_all();
  if (cluster_ != nullptr) cluster_->Cancel();
}

bool LocalJob::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

}  // namespace millrace
