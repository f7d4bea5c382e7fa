#include "runtime/checkpoint/checkpoint_coordinator.h"

#include <algorithm>
#include <utility>

#include "millrace/base/log.h"
#include "millrace/operators/user_error.h"

namespace millrace {

CheckpointCoordinator::CheckpointCoordinator(Job job, const CheckpointPolicy& policy,
                                             const Clock* clock, SnapshotUploads* uploads,
                                             std::int64_t first,
                                             std::map<TaskId, Manifest::Chain> restored)
    : job_(std::move(job)),
      policy_(policy),
      clock_(clock),
      uploads_(uploads),
      next_id_(first),
      chains_(std::move(restored)),
      next_begin_(policy.interval_nanos > 0 ? clock->NowNanos() + policy.interval_nanos
                                            : INT64_MAX) {}

std::int64_t CheckpointCoordinator::next_wake() const {
  if (finished_) return INT64_MAX;
  if (!current_.has_value()) return next_begin_;
  return current_->being_written ? INT64_MAX
                                 : current_->tasks.began_nanos() + policy_.timeout_nanos;
}

void CheckpointCoordinator::Step() {
  for (const SnapshotEvent& event : uploads_->TakeEvents()) OnEvent(event);
  if (finished_ || !failure_.empty()) return;
  const std::int64_t now = clock_->NowNanos();
  if (current_.has_value() && !current_->being_written) {
    if (now - current_->tasks.began_nanos() >= policy_.timeout_nanos) current_->tasks.OnTimeout();
    LookAtTasks();
  }
  if (!current_.has_value() && !finished_ && failure_.empty() &&
      (now >= next_begin_ || ended_.size() == job_.tasks.size()))
    Begin();
}

bool CheckpointCoordinator::Trigger() {
  Step();
  if (current_.has_value() || finished_ || !failure_.empty()) return false;
  Begin();
  return true;
}

void CheckpointCoordinator::OnEvent(const SnapshotEvent& event) {
  switch (event.kind) {
    case SnapshotEvent::Kind::kEnded:
      ended_.insert(event.task);
      break;
    case SnapshotEvent::Kind::kDeclined:
      if (current_.has_value() && current_->tasks.id() == event.checkpoint)
        current_->tasks.OnDeclined(event.task, event.status.message());
      break;
    case SnapshotEvent::Kind::kWritten:
      OnWritten(event);
      break;
    case SnapshotEvent::Kind::kManifest:
      OnManifest(event);
      break;
  }
}

void CheckpointCoordinator::OnWritten(const SnapshotEvent& event) {
  const bool expected = current_.has_value() && current_->tasks.id() == event.checkpoint;
  if (!event.status.ok()) {
    broken_.insert(event.task);
    for (const Task& task : job_.tasks) {
      if (task.id == event.task) task.mail->lost.store(event.checkpoint, std::memory_order_release);
    }
    if (expected) current_->tasks.OnDeclined(event.task, event.status.message());
    return;
  }
  if (broken_.count(event.task) != 0) {
    if (event.oldest < event.checkpoint) {  // builds on what was lost
      if (expected)
        current_->tasks.OnDeclined(event.task, "it builds on a snapshot that was not written");
      return;
    }
    broken_.erase(event.task);
  }
  // A file counts for its task's chain even if its checkpoint failed because of others.
  Manifest::Chain& chain = chains_[event.task];
  chain.push_back(event.file);
  std::erase_if(chain, [&](const Manifest::File& file) { return file.checkpoint < event.oldest; });
  if (!expected) return;
  current_->manifest.vertices[static_cast<std::size_t>(event.task.vertex)]
      .tasks[static_cast<std::size_t>(event.task.subtask)] = chain;
  current_->tasks.OnAcknowledged(event.task);
}

void CheckpointCoordinator::Begin() {
  const std::int64_t id = next_id_++;
  const std::int64_t now = clock_->NowNanos();
  std::vector<TaskId> ids;
  Manifest manifest;
  manifest.job = job_.name;
  manifest.job_id = job_.id;
  manifest.id = id;
  manifest.began_millis = clock_->WallMillis();
  for (const auto& operators : job_.operators) manifest.vertices.push_back({operators, {}});
  for (const Task& task : job_.tasks) {
    ids.push_back(task.id);
    auto& tasks = manifest.vertices[static_cast<std::size_t>(task.id.vertex)].tasks;
    tasks.resize(std::max(tasks.size(), static_cast<std::size_t>(task.id.subtask) + 1));
  }
  const bool last = ended_.size() == job_.tasks.size();
  current_.emplace(Current{PendingCheckpoint(id, now, ids), std::move(manifest), last, false});
  if (policy_.interval_nanos > 0) next_begin_ = now + policy_.interval_nanos;
  try {
    // Before the tasks hear of it: a split is with a reader before its barrier, or here.
    for (const Source& source : job_.sources)
      current_->manifest.sources.push_back({source.name, source.coordinator->BeginCheckpoint(id)});
  } catch (...) {
    current_->tasks.Abort("the coordinator of a source: " + internal::DescribeException());
    LookAtTasks();
    return;
  }
  TellAll([&](CheckpointMail& mail) {
    if (last) mail.last.store(id, std::memory_order_release);
    mail.triggered.store(id, std::memory_order_release);
  });
}

void CheckpointCoordinator::LookAtTasks() {
  switch (current_->tasks.state()) {
    case PendingCheckpoint::State::kRunning:
      return;
    case PendingCheckpoint::State::kComplete:
      current_->being_written = true;
      current_->manifest.ended_millis = clock_->WallMillis();
      uploads_->WriteManifest(std::move(current_->manifest), policy_.retained);
      return;
    case PendingCheckpoint::State::kFailed:
      Fail(current_->tasks.why());
      return;
  }
}

void CheckpointCoordinator::OnManifest(const SnapshotEvent& event) {
  if (event.status.ok()) {
    Complete();
  } else {
    Fail(event.status.message());
  }
}

void CheckpointCoordinator::Complete() {
  const std::int64_t id = current_->tasks.id();
  finished_ = current_->last;
  current_.reset();
  ++completed_;
  failures_in_a_row_ = 0;
  if (policy_.interval_nanos > 0)
    next_begin_ = std::max(next_begin_, clock_->NowNanos() + policy_.pause_nanos);
  TellAll([&](CheckpointMail& mail) { mail.complete.store(id, std::memory_order_release); });
  for (const Source& source : job_.sources) source.coordinator->EndCheckpoint(id);
}

void CheckpointCoordinator::Fail(const std::string& why) {
  const std::int64_t id = current_->tasks.id();
  current_.reset();
  ++failed_;
  const std::string text = "checkpoint " + std::to_string(id) + " failed: " + why;
  Log(kWarn, text);
  if (++failures_in_a_row_ > policy_.tolerable_failures) failure_ = text;
  TellAll([&](CheckpointMail& mail) { mail.aborted.store(id, std::memory_order_release); });
  for (const Source& source : job_.sources) source.coordinator->EndCheckpoint(id);
}

void CheckpointCoordinator::TellAll(const std::function<void(CheckpointMail&)>& tell) {
  for (const Task& task : job_.tasks) {
    tell(*task.mail);
    if (task.waker != nullptr) task.waker->Wake();
  }
}

}  // namespace millrace
