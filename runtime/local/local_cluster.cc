#include "runtime/local/local_cluster.h"

#include <algorithm>
#include <latch>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/log.h"
#include "millrace/base/random.h"
#include "runtime/checkpoint/upload_threads.h"
#include "src/base/crash_report.h"

namespace millrace {
namespace {

constexpr std::size_t kUploadThreads = 4;
constexpr std::uint64_t kSeededTick = 2000000;  // nanoseconds

}  // namespace

LocalCluster::LocalCluster(JobPlan plan, const FactoryRegistry& registry, DeploymentOptions options)
    : checkpoints_(options.checkpoints),
      deployment_(std::make_unique<Deployment>(
          std::move(plan), registry, options, [this](TaskFailure f) { OnFailure(std::move(f)); })) {
}

void LocalCluster::WakeAll() {
  for (Slot& slot : deployment_->slots()) slot.parker().Wake();
}

void LocalCluster::Stop() {
  stop_.store(true);
  WakeAll();
}

void LocalCluster::RestartRegions(RegionPolicy* policy) {
  restart_ = std::make_unique<RegionRestart>(deployment_.get(), checkpoints_, policy, &deployed_,
                                             [this](TaskFailure f) { FailJob(std::move(f)); });
}

void LocalCluster::OnFailure(TaskFailure failure) {
  if (failure.region < 0 || failure.fatal) return FailJob(std::move(failure));
  if (!failure.closing) return restart_->OnFailure(std::move(failure));
  Log(kWarn, "operator '", failure.op, "', subtask ", failure.subtask, ": ", failure.message);
}

void LocalCluster::FailJob(TaskFailure failure) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_.has_value()) {
      failure_ = std::move(failure);
    } else if (failure.closing) {  // the job's message is the first failure
      Log(kWarn, "operator '", failure.op, "', subtask ", failure.subtask, ": ", failure.message);
    }
  }
  Stop();
}

std::optional<TaskFailure> LocalCluster::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

void LocalCluster::Cancel() {
  cancelled_.store(true);
  Stop();
}

Status LocalCluster::RunThreads() {
  Status status;
  std::vector<std::thread> threads;
  const auto slots = static_cast<std::ptrdiff_t>(deployment_->slots().size());
  std::latch ended(slots);
  std::atomic<std::ptrdiff_t> running(slots);
  std::optional<UploadThreads> uploads;
  try {
    if (checkpoints_ != nullptr) {
      checkpoints_->uploads()->SetOnRoom([this] { WakeAll(); });
      uploads.emplace(checkpoints_->uploads(), kUploadThreads);
    }
    for (Slot& slot : deployment_->slots()) {
      threads.emplace_back([this, &slot, &ended, &running] {
        const CrashStack stack;
        slot.Run(stop_);
        ended
            .arrive_and_wait();  // nothing is published before it is sure that no other subtask fails
        if (worker_.gate != nullptr && !stop_.load()) worker_.gate->Await();
        if (!stop_.load()) slot.Commit();
        slot.Close();
        --running;
        if (checkpoints_ != nullptr) checkpoints_->uploads()->Interrupt();
      });
    }
  } catch (const std::system_error& e) {
    status = Status::ResourceExhausted(
        "deploy the job: start the thread of slot " + std::to_string(threads.size()) + " of " +
        std::to_string(deployment_->slots().size()) + ": " + e.what() + ": lower --parallelism");
    Stop();
    const std::ptrdiff_t missing = slots - static_cast<std::ptrdiff_t>(threads.size());
    ended.count_down(missing);
    running -= missing;
  }
  if (checkpoints_ != nullptr) RunCheckpoints(running);
  for (std::thread& t : threads) t.join();
  return status;
}

void LocalCluster::RunCheckpoints(const std::atomic<std::ptrdiff_t>& running) {
  constexpr std::int64_t kLook = 1000000000;
  const Clock& clock = SystemClock::Get();
  while (running.load() > 0) {
    std::int64_t until = kLook;  // after a stop: the slots say when they have ended
    if (!checkpoints_->coordinated_here()) {
      for (const SnapshotEvent& event : checkpoints_->uploads()->TakeEvents())
        worker_.forward(event);
    } else if (!stop_.load()) {
      CheckpointCoordinator& coordinator = checkpoints_->coordinator();
      std::int64_t wake = INT64_MAX;
      if (restart_ != nullptr) {  // first: when a region runs again the last checkpoint may be due
        while (restart_->Step(clock.NowNanos())) {
        }
        wake = restart_->next_wake();
      }
      coordinator.Step();
      if (!coordinator.failure().empty())
        OnFailure({"checkpoints", "checkpoint coordinator", 0, coordinator.failure()});
      until = std::min(wake, coordinator.next_wake()) - clock.NowNanos();
    }
    checkpoints_->uploads()->Wait(std::clamp<std::int64_t>(until, 0, kLook));
  }
}

bool LocalCluster::CheckpointTurn(std::uint64_t most_blocks) {
  CheckpointCoordinator& coordinator = checkpoints_->coordinator();
  const CheckpointHistory& history = checkpoints_->history();
  const auto done = [&] { return history.completed + history.failed; };
  const auto before = std::pair(done(), coordinator.pending());
  bool wrote = false;
  for (; most_blocks > 0 && checkpoints_->uploads()->RunOne(); --most_blocks) wrote = true;
  coordinator.Step();
  if (!coordinator.failure().empty())
    OnFailure({"checkpoints", "checkpoint coordinator", 0, coordinator.failure()});
  return wrote || before != std::pair(done(), coordinator.pending());
}

bool LocalCluster::RestartTurn(std::int64_t now) {
  if (restart_ == nullptr || !restart_->busy()) return false;
  bool moved = false;
  for (Slot& slot : deployment_->slots()) moved |= slot.Obey();
  return restart_->Step(now) || moved;
}

void LocalCluster::RunSeeded(std::uint64_t seed, ManualClock* clock, std::uint64_t crash_after) {
  const CrashStack stack;
  Random random(seed);
  auto& slots = deployment_->slots();
  std::vector<std::pair<Slot*, std::size_t>> tasks;
  for (Slot& slot : slots) {
    if (!slot.Open()) {
      for (Slot& opened : slots) opened.Close();
      return;
    }
    for (std::size_t i = 0; i < slot.tasks().size(); ++i) tasks.emplace_back(&slot, i);
  }
  // Small budgets find more interleavings; a run draws how small.
  const std::uint64_t most_rows = std::uint64_t{1} << random.Uniform(12);
  StepBudget budget = StepBudget::Rows(1);
  std::int64_t next_wake = INT64_MAX;
  std::vector<bool> finished(tasks.size());
  const auto step = [&](std::size_t i) {  // true when it was more than a look
    const auto& [slot, task] = tasks[i];
    budget.RestartRows(static_cast<std::int64_t>(1 + random.Uniform(most_rows)));
    const StepResult result = slot->Step(task, budget);
    if (result == StepResult::kIdle)
      next_wake = std::min(next_wake, slot->tasks()[task]->next_wake());
    const bool ends = result == StepResult::kFinished && !finished[i];
    if (ends) finished[i] = true;
    return result == StepResult::kMore || ends;
  };
  std::size_t quiet = 0;  // steps in a row that did nothing
  // Some runs take a checkpoint after the other, some few.
  const std::uint64_t trigger_in = std::uint64_t{4} << random.Uniform(8);
  while (!stop_.load()) {
    if (++turns_ == crash_after) {
      crashed_ = true;
      return;
    }
    if (checkpoints_ != nullptr && random.Uniform(tasks.size() + 2) == 0) {
      // Time passes, so that checkpoints become due and time out, too.
      if (random.Uniform(16) == 0)
        clock->AdvanceNanos(static_cast<std::int64_t>(random.Uniform(kSeededTick)));
      if (random.Uniform(trigger_in) == 0) checkpoints_->coordinator().Trigger();
      quiet = CheckpointTurn(std::uint64_t{1} << random.Uniform(7)) ? 0 : quiet + 1;
    }
    // A region that has failed is not stopped at once.
    if (restart_ != nullptr && restart_->busy() && random.Uniform(4) == 0 &&
        RestartTurn(clock->NowNanos()))
      quiet = 0;
    if (std::all_of(slots.begin(), slots.end(), [](const Slot& s) { return s.finished(); })) break;
    quiet = step(random.Uniform(tasks.size())) ? 0 : quiet + 1;
    if (quiet < tasks.size() * 8) continue;
    // Probably everybody waits: hand over what is open, ask everybody, then let time pass. Twice, for a source may emit
    // and wait in one step: what it has emitted arrives first.
    bool progress = false;
    for (int round = 0; round < 2 && !progress; ++round) {
      for (Slot& slot : slots) slot.FlushAll();
      next_wake = INT64_MAX;
      for (std::size_t i = 0; i < tasks.size(); ++i) progress |= step(i);
      if (checkpoints_ != nullptr) progress |= CheckpointTurn(1);
      progress |= RestartTurn(clock->NowNanos());
    }
    quiet = 0;
    if (checkpoints_ != nullptr)
      next_wake = std::min(next_wake, checkpoints_->coordinator().next_wake());
    if (restart_ != nullptr) next_wake = std::min(next_wake, restart_->next_wake());
    if (progress || next_wake == INT64_MAX) continue;
    clock->AdvanceNanos(std::max<std::int64_t>(next_wake - clock->NowNanos(), 1));
  }
  for (Slot& slot : slots) {
    if (!stop_.load()) slot.Commit();
  }
  for (Slot& slot : slots) slot.Close();
}

}  // namespace millrace
