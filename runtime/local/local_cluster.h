#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "runtime/local/commit_gate.h"
#include "runtime/local/deployment.h"
#include "runtime/local/region_restart.h"
#include "runtime/local/supervised.h"

namespace millrace {

/// Runs a deployment in this process, under one of two drivers.
class LocalCluster final : public Supervised {
 public:
  LocalCluster(JobPlan plan, const FactoryRegistry& registry, DeploymentOptions options);

  /// Of a job in several workers: where slots wait before they commit, and who hears what happens to snapshots, in the
  /// thread that calls RunThreads. Both outlive it.
  struct Worker {
    CommitGate* gate = nullptr;
    std::function<void(const SnapshotEvent&)> forward;
  };
  void SetWorker(const Worker& worker) { worker_ = worker; }

  /// Regions that fail are started again here, as `policy` says, which outlives it. Of a deployment that separates them.
  void RestartRegions(RegionPolicy* policy);

  Deployment& deployment() { return *deployment_; }
  /// A thread per slot; returns when the job has ended. An error when the machine gives no more threads.
  Status RunThreads();
  /// One thread steps every task in an order drawn from `seed`, with budgets drawn from it, on `clock`.
  /// With `crash_after` > 0 it stops after so many of its steps, as a process that is killed: nothing is closed.
  void RunSeeded(std::uint64_t seed, ManualClock* clock, std::uint64_t crash_after = 0);
  bool crashed() const { return crashed_; }
  /// Of the seeded driver: the steps that it has made.
  std::uint64_t turns() const { return turns_; }

  /// Ends the job at the next step of each task. Any thread.
  void Cancel() override;
  void Look(const std::function<void(Deployment&)>& look) override {
    const std::unique_lock lock(deployed_,
                                std::try_to_lock);  // user code may run while tasks are made
    if (lock.owns_lock()) look(*deployment_);
  }
  bool cancelled() const { return cancelled_.load(); }
  std::optional<TaskFailure> failure() const;

 private:
  void OnFailure(TaskFailure failure);
  void FailJob(TaskFailure failure);
  void WakeAll();
  void Stop();
  /// Coordinates checkpoints until `running` slots have come to their end.
  void RunCheckpoints(const std::atomic<std::ptrdiff_t>& running);
  /// What the checkpoint coordinator does in one of the seeded driver's turns. True when it was more than a look.
  bool CheckpointTurn(std::uint64_t most_blocks);
  /// What comes of a region's failure in one of them. True when it has come on.
  bool RestartTurn(std::int64_t now);

  JobCheckpoints* const checkpoints_;
  std::mutex deployed_;  // held by who looks at the tasks, and by who replaces some
  std::unique_ptr<Deployment> deployment_;
  std::unique_ptr<RegionRestart> restart_;  // null: whatever fails, the whole job does
  Worker worker_;
  bool crashed_ = false;
  std::uint64_t turns_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  std::optional<TaskFailure> failure_;  // the first one; guarded by mutex_
};

}  // namespace millrace
