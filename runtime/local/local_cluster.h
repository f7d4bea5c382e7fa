#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "runtime/local/deployment.h"

namespace millrace {

/// Runs a deployment in this process, under one of two drivers.
class LocalCluster {
 public:
  LocalCluster(JobPlan plan, const FactoryRegistry& registry, DeploymentOptions options);

  Deployment& deployment() { return *deployment_; }
  /// A thread per slot; returns when the job has ended. An error when the machine gives no more threads.
  Status RunThreads();
  /// One thread steps every task in an order drawn from `seed`, with budgets drawn from it, on `clock`.
  void RunSeeded(std::uint64_t seed, ManualClock* clock);

  /// Ends the job at the next step of each task. Any thread.
  void Cancel();
  bool cancelled() const { return cancelled_.load(); }
  std::optional<TaskFailure> failure() const;

 private:
  void OnFailure(TaskFailure failure);
  void Stop();

  std::unique_ptr<Deployment> deployment_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;
  std::optional<TaskFailure> failure_;  // the first one; guarded by mutex_
};

}  // namespace millrace
