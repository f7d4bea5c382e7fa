#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/checkpoint/restore/job_recovery.h"
#include "runtime/checkpoint/restore/restart_strategy.h"
#include "runtime/local/local_cluster.h"

namespace millrace {

/// How a job runs in this process.
struct LocalJobOptions {
  DeploymentOptions deployment;
  RestartSettings restart;        // of a job with checkpoints
  ManualClock* manual = nullptr;  // of the seeded driver; null: threads
  std::uint64_t seed = 1;
  std::uint64_t crash_after = 0;  // LocalCluster::RunSeeded's, over all attempts
};

/// Runs a job until it is done, cancelled, or has failed for good: an attempt is a deployment of the whole plan, and the next
/// one goes on from the newest checkpoint. When one of several regions fails, it alone is started again, in the same
/// deployment. Run on one thread; the others from any.
class LocalJob final : public Supervised, private RegionPolicy {
 public:
  /// `recovery`: of a job with checkpoints, else null: it has one attempt. All outlive it.
  LocalJob(const JobPlan* plan, const FactoryRegistry* registry, const LocalJobOptions& options,
           JobRecovery* recovery);

  /// Why the job has failed; OK also when it was cancelled.
  Status Run();
  /// Ends the job at the next step of each task, or its waiting for the next attempt.
  void Cancel() override;
  bool cancelled() const;
  /// Of the whole and of regions.
  std::uint64_t restarts() const { return restarts_; }
  /// By region of the last attempt.
  const std::map<int, std::uint64_t>& region_restarts() const { return region_restarts_; }
  /// What the last attempt has deployed, when Run has returned; null: nothing.
  LocalCluster* cluster() { return cluster_.get(); }
  void Look(const std::function<void(Deployment&)>& look) override {
    const std::lock_guard lock(mutex_);
    if (cluster_ != nullptr) cluster_->Look(look);
  }

 private:
  struct Failure {
    std::string message;
    StatusCode code = StatusCode::kAborted;
    bool fatal = false;  // another attempt makes no sense
  };
  std::optional<Failure> RunAttempt();
  std::optional<Failure> Deploy();
  std::optional<Failure> FailureOfCluster() const;
  std::optional<std::int64_t> OnRegionFailure(const TaskFailure& failure) override;
  Result<RestorePoint> NextOfRegion(std::string* run) override {
    return recovery_->NextOfRegion(run);
  }
  /// A failure counts: the nanoseconds until what has failed is started again.
  std::optional<std::int64_t> DelayAfter(const std::string& failure);
  void TearDown();
  /// False when the job was cancelled meanwhile.
  bool WaitToRestart(std::int64_t nanos);
  Status GiveUp(const Failure& last, const std::string& why) const;

  const JobPlan* plan_;
  const FactoryRegistry* registry_;
  const LocalJobOptions options_;
  JobRecovery* recovery_;
  RestartStrategy strategy_;
  std::uint64_t restarts_ = 0;
  std::map<int, std::uint64_t> region_restarts_;
  bool given_up_ = false;    // the strategy has said so
  std::uint64_t turns_ = 0;  // of earlier attempts
  std::string first_failure_;
  std::unique_ptr<JobCheckpoints> checkpoints_;
  mutable std::mutex mutex_;
  std::condition_variable cancel_;
  bool cancelled_ = false;                 // guarded by the mutex
  std::unique_ptr<LocalCluster> cluster_;  // guarded by the mutex; only Run's thread changes it
};

}  // namespace millrace
