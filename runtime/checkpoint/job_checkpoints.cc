#include "runtime/checkpoint/job_checkpoints.h"

#include <utility>

namespace millrace {

JobCheckpoints::JobCheckpoints(const JobCheckpointOptions& options, CheckpointStore store,
                               std::string job)
    : policy_(options.policy),
      store_(std::move(store)),
      uploads_(&store_, options.run),
      coordinates_(!options.given.has_value()),
      overtake_after_(options.overtake_after) {
  job_.name = std::move(job);
  job_.id = options.job_id.empty() ? options.run : options.job_id;
}

Result<std::unique_ptr<JobCheckpoints>> JobCheckpoints::Open(const JobCheckpointOptions& options,
                                                             std::string job) {
  auto store = CheckpointStore::Open(options.files, options.folder);
  if (!store.ok()) return store.status();
  std::unique_ptr<JobCheckpoints> checkpoints(
      new JobCheckpoints(options, std::move(store).value(), std::move(job)));
  if (options.given.has_value()) {
    checkpoints->first_ = options.given->first;
    checkpoints->manifest_ = options.given->manifest;
  } else if (const auto& manifests = checkpoints->store_.manifests(); !manifests.empty()) {
    checkpoints->first_ = manifests.rbegin()->first + 1;
    if (options.resume) checkpoints->manifest_ = manifests.rbegin()->second;
  }
  if (checkpoints->manifest_.empty()) return checkpoints;
  auto manifest = CheckpointStore::ReadFile(*options.files, checkpoints->manifest_);
  if (!manifest.ok()) return manifest.status();
  if (!manifest.value().job_id.empty()) checkpoints->job_.id = manifest.value().job_id;
  auto restore =
      CheckpointRestore::Open(*options.files, options.folder, std::move(manifest).value());
  if (!restore.ok()) return restore.status();
  checkpoints->restore_ = std::move(restore).value();
  return checkpoints;
}

const OperatorRestore* JobCheckpoints::RestoreOf(const std::string& op, int vertex, int subtask,
                                                 int parallelism) {
  if (restore_ == nullptr) return nullptr;
  auto found =
      restore_->For(op, job_.operators[static_cast<std::size_t>(vertex)], subtask, parallelism);
  if (found == nullptr) return nullptr;
  operator_restores_.push_back(std::move(found));
  return operator_restores_.back().get();
}

Status JobCheckpoints::AddSource(const std::string& op, SourceCheckpoints* coordinator) {
  job_.sources.push_back({op, coordinator});
  if (restore_ == nullptr) return Status::Ok();
  const auto splits = restore_->SplitsOf(op);
  if (!splits.has_value()) return Status::Ok();
  const Status restored = coordinator->Restore(*splits);
  return restored.ok() ? restored
                       : Status(restored.code(), "source '" + op + "': " + restored.message());
}

CheckpointMail* JobCheckpoints::AddTask(TaskId task, int parallelism, Waker* waker) {
  CheckpointMail& mail = mails_.emplace_back();
  for (auto* number : {&mail.triggered, &mail.aborted, &mail.complete, &mail.lost})
    number->store(restored());
  job_.tasks.push_back({task, &mail, waker});
  if (restore_ != nullptr) {
    const auto chain = restore_->ChainOf(job_.operators[static_cast<std::size_t>(task.vertex)],
                                         task.subtask, parallelism);
    if (chain.has_value()) chains_[task] = *chain;
  }
  return &mail;
}

void JobCheckpoints::Deliver(TaskId task, const CheckpointMail::Numbers& numbers) {
  for (const CheckpointCoordinator::Task& t : job_.tasks) {
    if (t.id != task) continue;
    t.mail->Store(numbers);
    t.waker->Wake();
  }
}

void JobCheckpoints::Start(const Clock* clock) {
  if (!coordinates_) return;
  coordinator_.emplace(std::move(job_), policy_, clock, &uploads_, first_, std::move(chains_));
}

}  // namespace millrace
