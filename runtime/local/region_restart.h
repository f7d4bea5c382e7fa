#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/job_checkpoints.h"
#include "runtime/local/deployment.h"

namespace millrace {

/// What a job decides when a region has failed.
class RegionPolicy {
 public:
  virtual ~RegionPolicy() = default;
  /// In how many nanoseconds the region is started again; nothing: the job is over.
  virtual std::optional<std::int64_t> OnRegionFailure(const TaskFailure& failure) = 0;
  /// What it goes on from. `run` becomes a name that no other run or attempt has.
  virtual Result<RestorePoint> NextOfRegion(std::string* run) = 0;
};

/// Starts the tasks of a region again, in a deployment whose other tasks run on. One region at a time: when another one fails
/// meanwhile, and whenever it can't be done, the whole job has failed.
///
/// In this order: checkpoints under way are given up, the slots stop the region's tasks, the restart's delay passes, the tasks
/// are made anew from the newest complete checkpoint, the slots open them, checkpoints are taken again.
///
/// Everything but OnFailure is for the thread that coordinates the checkpoints.
class RegionRestart {
 public:
  /// `deployed` is held while tasks are taken away and made. `fail_job`: the whole job has failed. All outlive it.
  RegionRestart(Deployment* deployment, JobCheckpoints* checkpoints, RegionPolicy* policy,
                std::mutex* deployed, std::function<void(TaskFailure)> fail_job);

  /// A task of a region has failed. Any thread.
  void OnFailure(TaskFailure failure);
  /// There is, or was a moment ago, a failure that is not dealt with.
  bool busy() const { return state_ != State::kRunning || failed_.load(std::memory_order_acquire); }
  /// Does what is due. True when it has come on: there may be more.
  bool Step(std::int64_t now);
  /// The clock's reading at which it has something to do, whatever happens.
  std::int64_t next_wake() const { return state_ == State::kWaiting ? due_ : INT64_MAX; }

 private:
  enum class State {
    kRunning,   // all regions run
    kStopping,  // the slots stop the region, checkpoints come to their end
    kWaiting,   // for the delay to pass
    kOpening,   // the slots open what was made
    kOver,      // the whole job has failed
  };
  std::vector<TaskFailure> TakeFailures();
  /// Deals with it as the state says.
  void Take(TaskFailure failure, std::int64_t now);
  void Begin(TaskFailure failure, std::int64_t now);
  bool StepStopping();
  void Rebuild();
  bool StepOpening(std::int64_t now);
  /// The whole job is to be started again.
  void GiveUp(TaskFailure failure);
  void Order(Slot::Order order);
  bool obeyed() const { return obeyed_.load(std::memory_order_acquire) == ordered_; }

  Deployment* deployment_;
  JobCheckpoints* checkpoints_;
  RegionPolicy* policy_;
  std::mutex* deployed_;
  const std::function<void(TaskFailure)> fail_job_;
  State state_ = State::kRunning;
  TaskFailure failure_;               // of the region that is started again
  std::optional<TaskFailure> again_;  // one of its new tasks has failed while others open
  std::int64_t due_ = 0;              // clock reading
  std::size_t ordered_ = 0;           // slots
  std::atomic<std::size_t> obeyed_{0};
  std::atomic<bool> failed_{false};  // there are failures
  std::mutex mutex_;
  std::vector<TaskFailure> failures_;  // guarded by the mutex
};

}  // namespace millrace
