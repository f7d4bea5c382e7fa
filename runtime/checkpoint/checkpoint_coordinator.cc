#include "runtime/checkpoint/checkpoint_coordinator.h"

#include <algorithm>
#include <utility>

#include "millrace/base/log.h"
#include "millrace/operators/user_error.h"
#include "src/base/fail_point.h"
#include "src/base/plant.h"

namespace millrace {

CheckpointCoordinator::CheckpointCoordinator(Job job, const CheckpointSettings& settings,
                                             const Clock* clock, SnapshotUploads* uploads,
                                             CheckpointHistory* history, std::int64_t first,
                                             std::map<TaskId, Manifest::Chain> restored)
    : job_(std::move(job)),
      settings_(settings),
      clock_(clock),
      uploads_(uploads),
      history_(history),
      next_id_(first),
      chains_(std::move(restored)),
      next_begin_(clock->NowNanos() + settings.interval_nanos) {}

std::int64_t CheckpointCoordinator::next_wake() const {
  if (finished_ || !failure_.empty()) return INT64_MAX;
  std::int64_t wake = INT64_MAX;
  for (const Pending& pending : pending_) {
    if (!pending.being_written)
      wake = std::min(wake, pending.tasks.began_nanos() + settings_.timeout_nanos);
  }
  if (MayBegin()) wake = std::min(wake, next_begin_);
  return wake;
}

void CheckpointCoordinator::Step() {
  for (const SnapshotEvent& event : uploads_->TakeEvents()) OnEvent(event);
  if (finished_ || !failure_.empty()) return;
  const std::int64_t now = clock_->NowNanos();
  for (Pending& pending : pending_) {
    if (!pending.being_written && now - pending.tasks.began_nanos() >= settings_.timeout_nanos)
      pending.tasks.OnTimeout();
  }
  LookAtTasks();
  if (failure_.empty() && MayBegin() && (now >= next_begin_ || all_ended())) Begin();
}

bool CheckpointCoordinator::Trigger() {
  Step();
  if (!MayBegin() || !failure_.empty()) return false;
  Begin();
  return true;
}

bool CheckpointCoordinator::MayBegin() const {
  if (finished_ || suspended_) return false;
  // The last one begins alone: when it is complete the tasks are gone.
  return all_ended() ? pending_.empty()
                     : pending_.size() < (settings_.pause_nanos > 0 ? 1 : settings_.max_concurrent);
}

CheckpointCoordinator::Pending* CheckpointCoordinator::Find(std::int64_t checkpoint) {
  for (Pending& pending : pending_) {
    if (pending.tasks.id() == checkpoint) return &pending;
  }
  return nullptr;
}

void CheckpointCoordinator::OnEvent(const SnapshotEvent& event) {
  switch (event.kind) {
    case SnapshotEvent::Kind::kEnded:
      ended_.insert(event.task);
      break;
    case SnapshotEvent::Kind::kDeclined:
      if (Pending* pending = Find(event.checkpoint); pending != nullptr)
        pending->tasks.OnDeclined(event.task, event.status.message());
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
  const auto again = again_.find(event.task);
  if (again != again_.end() && event.checkpoint <= again->second) return;
  Pending* const pending = Find(event.checkpoint);
  if (!event.status.ok()) {
    broken_.insert(event.task);
    // Of what was dropped the task is told when it begins its next (SnapshotFile::base_lost).
    const bool dropped = event.status.code() == StatusCode::kCancelled;
    for (const Task& task : job_.tasks) {
      if (task.id == event.task && !dropped)
        task.mail->lost.store(event.checkpoint, std::memory_order_release);
    }
    if (pending != nullptr) pending->tasks.OnDeclined(event.task, event.status.message());
    return;
  }
  if (broken_.count(event.task) != 0) {
    if (event.oldest < event.checkpoint) {  // builds on what was lost
      if (pending != nullptr)
        pending->tasks.OnDeclined(event.task, "it builds on a snapshot that was not written");
      return;
    }
    broken_.erase(event.task);
  }
  // A file counts for its task's chain even if its checkpoint failed because of others.
  Manifest::Chain& chain = chains_[event.task];
  chain.push_back(event.file);
  std::erase_if(chain, [&](const Manifest::File& file) { return file.checkpoint < event.oldest; });
  if (pending != nullptr) Acknowledge(event, pending);
}

void CheckpointCoordinator::Acknowledge(const SnapshotEvent& event, Pending* pending) {
  DieAtFailPoint(FailPoint::kCheckpointAcknowledge);
  const Manifest::Chain& chain = chains_[event.task];
  const std::int64_t began = pending->tasks.began_nanos();
  SubtaskCheckpoint did;
  did.vertex = event.task.vertex;
  did.subtask = event.task.subtask;
  did.start_delay = std::max<std::int64_t>(event.times.began - began, 0);
  did.alignment = event.times.alignment;
  did.snapshot = event.times.snapshot;
  did.longest = event.times.longest;
  did.step = event.times.step;
  did.in_flight = event.times.in_flight;
  did.upload = event.upload_nanos;
  did.acknowledged = clock_->NowNanos() - began;
  did.bytes = event.file.bytes;
  for (const Manifest::File& file : chain) did.full_bytes += file.bytes;
  auto& vertex = pending->manifest.vertices[static_cast<std::size_t>(event.task.vertex)];
  vertex.tasks[static_cast<std::size_t>(event.task.subtask)] = chain;
  pending->manifest.subtasks.push_back(did);
  pending->report.subtasks.push_back(did);
  pending->tasks.OnAcknowledged(event.task);
}

void CheckpointCoordinator::Begin() {
  const std::int64_t id = next_id_++;
  const std::int64_t now = clock_->NowNanos();
  std::vector<TaskId> ids;
  for (const Task& task : job_.tasks) ids.push_back(task.id);
  Pending begun{PendingCheckpoint(id, now, ids), job_.plan, {}, all_ended(), false};
  begun.manifest.id = begun.report.id = id;
  begun.manifest.began_millis = begun.report.began_millis = clock_->WallMillis();
  pending_.push_back(std::move(begun));
  Pending& pending = pending_.back();
  next_begin_ = now + settings_.interval_nanos;
  try {
    ThrowAtFailPoint(FailPoint::kCheckpointBegin);
    // Before the tasks hear of it: a split is with a reader before its barrier, or here.
    for (const Source& source : job_.sources)
      pending.manifest.sources.push_back({source.name, source.coordinator->BeginCheckpoint(id)});
  } catch (...) {
    pending.tasks.Abort("the coordinator of a source: " + internal::DescribeException());
    LookAtTasks();
    return;
  }
  DieAtFailPoint(FailPoint::kCheckpointTrigger);
  TellAll([&](CheckpointMail& mail) {
    if (pending.last) mail.last.store(id, std::memory_order_release);
    mail.triggered.store(id, std::memory_order_release);
  });
}

void CheckpointCoordinator::LookAtTasks() {
  for (std::size_t i = 0; i < pending_.size();) {
    Pending& pending = pending_[i];
    if (pending.tasks.state() == PendingCheckpoint::State::kFailed) {
      Fail(&pending, pending.tasks.why());
      continue;
    }
    if (pending.tasks.state() == PendingCheckpoint::State::kComplete && !pending.being_written) {
      pending.being_written = true;
      pending.manifest.ended_millis = clock_->WallMillis();
      if (MILLRACE_PLANT(3))
        TellAll([&](CheckpointMail& mail) { mail.complete.store(pending.tasks.id()); });
      uploads_->WriteManifest(std::move(pending.manifest), settings_.retain);
    }
    ++i;
  }
}

void CheckpointCoordinator::OnManifest(const SnapshotEvent& event) {
  Pending* const pending = Find(event.checkpoint);
  if (event.status.ok()) {
    Complete(pending);
  } else {
    Fail(pending, event.status.message());
  }
}

void CheckpointCoordinator::Complete(Pending* pending) {
  DieAtFailPoint(FailPoint::kCheckpointComplete);
  finished_ = pending->last;
  failures_in_a_row_ = 0;
  const std::int64_t id = pending->tasks.id();
  End(pending, "");
  TellAll([&](CheckpointMail& mail) { mail.complete.store(id, std::memory_order_release); });
  TellAborted();
  for (const Source& source : job_.sources) source.coordinator->EndCheckpoint(id);
}

void CheckpointCoordinator::Fail(Pending* pending, std::string why) {
  const std::string text = "checkpoint " + std::to_string(pending->tasks.id()) + " failed: " + why;
  Log(kWarn, text);
  if (++failures_in_a_row_ > settings_.tolerable_failures) failure_ = text;
  GiveUp(pending, why);
}

void CheckpointCoordinator::GiveUp(Pending* pending, const std::string& why) {
  const std::int64_t id = pending->tasks.id();
  End(pending, why);
  DieAtFailPoint(FailPoint::kCheckpointAbort);
  aborted_.insert(id);
  TellAborted();
  for (const Source& source : job_.sources) source.coordinator->EndCheckpoint(id);
}

void CheckpointCoordinator::Suspend(const std::string& why) {
  suspended_ = true;
  // Tasks that have ended would take the next one that is complete for the last.
  TellAll([](CheckpointMail& mail) { mail.last.store(0, std::memory_order_release); });
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].being_written) {
      ++i;
    } else {
      GiveUp(&pending_[i], why);
    }
  }
}

void CheckpointCoordinator::StartAgain(TaskId task, Manifest::Chain chain) {
  ended_.erase(task);
  broken_.erase(task);
  again_[task] = newest();
  chains_[task] = std::move(chain);
}

void CheckpointCoordinator::End(Pending* pending, const std::string& failure) {
  const std::int64_t now = clock_->NowNanos();
  pending->report.nanos = now - pending->tasks.began_nanos();
  pending->report.failure = failure;
  history_->Add(std::move(pending->report));
  pending_.erase(pending_.begin() + (pending - &pending_.front()));
  next_begin_ = std::max(next_begin_, now + settings_.pause_nanos);
}

void CheckpointCoordinator::TellAborted() {
  // Tasks take the newest id for all older ones: one that failed first waits until those have come to their end.
  const std::int64_t oldest = pending_.empty() ? INT64_MAX : pending_.front().tasks.id();
  std::int64_t newest = 0;
  while (!aborted_.empty() && *aborted_.begin() < oldest) {
    newest = *aborted_.begin();
    aborted_.erase(aborted_.begin());
  }
  if (newest == 0) return;
  // While a region is started again the others run on, and their next snapshots build on what they have written for these.
  if (!suspended_) uploads_->GiveUp(newest);
  TellAll([&](CheckpointMail& mail) { mail.aborted.store(newest, std::memory_order_release); });
}

void CheckpointCoordinator::TellAll(const std::function<void(CheckpointMail&)>& tell) {
  for (const Task& task : job_.tasks) {
    tell(*task.mail);
    if (task.waker != nullptr) task.waker->Wake();
  }
}

}  // namespace millrace
