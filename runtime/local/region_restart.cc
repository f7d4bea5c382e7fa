#include "runtime/local/region_restart.h"

#include <set>
#include <utility>

#include "millrace/operators/user_error.h"

namespace millrace {

RegionRestart::RegionRestart(Deployment* deployment, JobCheckpoints* checkpoints,
                             RegionPolicy* policy, std::mutex* deployed,
                             std::function<void(TaskFailure)> fail_job)
    : deployment_(deployment),
      checkpoints_(checkpoints),
      policy_(policy),
      deployed_(deployed),
      fail_job_(std::move(fail_job)) {}

void RegionRestart::OnFailure(TaskFailure failure) {
  {
    const std::lock_guard lock(mutex_);
    failures_.push_back(std::move(failure));
  }
  failed_.store(true, std::memory_order_release);
  checkpoints_->uploads()->Interrupt();
}

std::vector<TaskFailure> RegionRestart::TakeFailures() {
  failed_.store(false, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  return std::exchange(failures_, {});
}

bool RegionRestart::Step(std::int64_t now) {
  const State before = state_;
  for (TaskFailure& failure : TakeFailures()) Take(std::move(failure), now);
  // One state at a time: a slot says that a task has failed before it says that the region is stopped.
  if (state_ != before) return true;
  switch (state_) {
    case State::kStopping:
      return StepStopping();
    case State::kWaiting:
      if (now < due_) return false;
      Rebuild();
      return true;
    case State::kOpening:
      return StepOpening(now);
    case State::kRunning:
    case State::kOver:
      return false;
  }
  return false;
}

void RegionRestart::Take(TaskFailure failure, std::int64_t now) {
  if (state_ == State::kOver) return;
  if (state_ == State::kRunning) return Begin(std::move(failure), now);
  if (failure.region != failure_.region) return GiveUp(std::move(failure));
  // Else one of those that have failed together.
  if (state_ == State::kOpening && !again_.has_value()) again_ = std::move(failure);
}

void RegionRestart::Begin(TaskFailure failure, std::int64_t now) {
  failure_ = std::move(failure);
  // What other regions have written is committed with the last checkpoint, and they close.
  if (checkpoints_->coordinator().finished()) return GiveUp(failure_);
  const auto delay = policy_->OnRegionFailure(failure_);
  if (!delay.has_value()) return GiveUp(failure_);
  due_ = now + *delay;
  checkpoints_->coordinator().Suspend("tasks are started again");
  Order(Slot::Order::kStop);
  state_ = State::kStopping;
}

void RegionRestart::GiveUp(TaskFailure failure) {
  state_ = State::kOver;
  fail_job_(std::move(failure));
}

void RegionRestart::Order(Slot::Order order) {
  std::set<int> indices;
  for (const TaskId& task : deployment_->regions().tasks(failure_.region))
    indices.insert(task.subtask);
  ordered_ = indices.size();
  obeyed_.store(0, std::memory_order_relaxed);
  for (Slot& slot : deployment_->slots()) {
    if (indices.count(slot.index()) == 0) continue;
    slot.Give(order, failure_.region, [this] {
      obeyed_.fetch_add(1, std::memory_order_release);
      checkpoints_->uploads()->Interrupt();
    });
  }
}

bool RegionRestart::StepStopping() {
  if (!obeyed()) return false;
  CheckpointCoordinator& coordinator = checkpoints_->coordinator();
  coordinator.Step();  // what the tasks have said
  if (coordinator.finished()) {
    GiveUp(failure_);
    return true;
  }
  if (coordinator.pending() > 0 || !checkpoints_->uploads()->ManifestsAtRest()) return false;
  state_ = State::kWaiting;
  return true;
}

void RegionRestart::Rebuild() {
  std::string run, why;
  auto point = policy_->NextOfRegion(&run);
  if (!point.ok()) {
    why = point.status().message();
  } else {
    try {
      const std::lock_guard lock(*deployed_);
      deployment_->RebuildRegion(failure_.region, run, std::move(point).value());
    } catch (...) {
      why = internal::DescribeException();
    }
  }
  if (!why.empty()) return GiveUp({"deployment", "deployment", 0, "deploy a region: " + why});
  Order(Slot::Order::kOpen);
  state_ = State::kOpening;
}

bool RegionRestart::StepOpening(std::int64_t now) {
  if (!obeyed()) return false;
  if (again_.has_value()) {
    Begin(*std::exchange(again_, std::nullopt), now);
    return true;
  }
  checkpoints_->coordinator().Resume();
  state_ = State::kRunning;
  return true;
}

}  // namespace millrace
