#include "runtime/checkpoint/job_checkpoints.h"

#include <utility>

#include "runtime/checkpoint/restore/restore_check.h"

namespace millrace {

JobCheckpoints::JobCheckpoints(Begin begin)
    : settings_(begin.settings),
      history_(begin.history),
      uploads_(begin.store, begin.clock, begin.run,
               begin.settings.compressed ? Compression::kZstd : Compression::kNone,
               begin.settings.pack_below),
      first_(begin.first),
      restore_(std::move(begin.restore)),
      manifest_(std::move(begin.manifest)),
      in_place_(begin.in_place),
      coordinates_(begin.coordinates) {
  job_.plan = ManifestOf(*begin.plan);
  job_.plan.run = std::move(begin.run);
  job_.plan.job_id = std::move(begin.job_id);
  if (history_ != nullptr) history_->restored = restore_ == nullptr ? 0 : restore_->manifest().id;
}

const OperatorRestore* JobCheckpoints::RestoreOf(const std::string& op, int vertex, int subtask,
                                                 int parallelism) {
  if (restore_ == nullptr) return nullptr;
  auto found = restore_->For(op, OperatorsOf(vertex), subtask, parallelism);
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
  for (auto* number : {&mail.triggered, &mail.aborted, &mail.complete}) number->store(restored());
  job_.tasks.push_back({task, &mail, waker});
  if (restore_ == nullptr) return &mail;
  if (!in_place_) {
    mail.lost.store(restored());  // nothing can be built on files of another folder
    return &mail;
  }
  const auto chain = restore_->ChainOf(OperatorsOf(task.vertex), task.subtask, parallelism);
  if (chain.has_value()) chains_[task] = *chain;
  return &mail;
}

void JobCheckpoints::Deliver(TaskId task, const CheckpointMail::Numbers& numbers) {
  uploads_.GiveUp(numbers.aborted);
  for (const CheckpointCoordinator::Task& t : job_.tasks) {
    if (t.id != task) continue;
    t.mail->Store(numbers);
    t.waker->Wake();
  }
}

void JobCheckpoints::Start(const Clock* clock) {
  if (!coordinates_) return;
  coordinator_.emplace(job_, settings_, clock, &uploads_, history_, first_, std::move(chains_));
}

}  // namespace millrace
