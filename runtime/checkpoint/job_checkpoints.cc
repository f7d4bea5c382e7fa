#include "runtime/checkpoint/job_checkpoints.h"

#include <algorithm>
#include <utility>

#include "millrace/base/check.h"
#include "runtime/checkpoint/restore/restore_check.h"

namespace millrace {

JobCheckpoints::JobCheckpoints(Begin begin)
    : settings_(begin.settings),
      history_(begin.history),
      uploads_(begin.store, begin.clock, begin.run,
               begin.settings.compressed ? Compression::kZstd : Compression::kNone,
               begin.settings.pack_below),
      first_(begin.first),
      manifest_(std::move(begin.manifest)),
      coordinates_(begin.coordinates),
      restored_(begin.first - 1) {
  point_ = &points_[kWholeJob];
  point_->from = std::move(begin.point);
  job_.plan = ManifestOf(*begin.plan);
  job_.plan.run = std::move(begin.run);
  job_.plan.job_id = std::move(begin.job_id);
  const CheckpointRestore* const restore = point_->from.restore.get();
  if (history_ != nullptr) history_->restored = restore == nullptr ? 0 : restore->manifest().id;
}

void JobCheckpoints::BeginRegion(int region, RestorePoint point) {
  point_ = &points_[region];
  point_->operators.clear();
  point_->from = std::move(point);
  restored_ = coordinator_->newest();
}

const OperatorRestore* JobCheckpoints::RestoreOf(const std::string& op, int vertex, int subtask,
                                                 int parallelism) {
  if (point_->from.restore == nullptr) return nullptr;
  auto found = point_->from.restore->For(op, OperatorsOf(vertex), subtask, parallelism);
  if (found == nullptr) return nullptr;
  point_->operators.push_back(std::move(found));
  return point_->operators.back().get();
}

Status JobCheckpoints::AddSource(const std::string& op, SourceCheckpoints* coordinator) {
  if (!coordinator_.has_value()) job_.sources.push_back({op, coordinator});
  const auto splits = SplitsOf(op);
  if (!splits.has_value()) return Status::Ok();
  const Status restored = coordinator->Restore(*splits);
  return restored.ok() ? restored
                       : Status(restored.code(), "source '" + op + "': " + restored.message());
}

std::optional<std::string> JobCheckpoints::SplitsOf(const std::string& op) const {
  const CheckpointRestore* const restore = point_->from.restore.get();
  return restore != nullptr ? restore->SplitsOf(op) : std::nullopt;
}

CheckpointMail* JobCheckpoints::AddTask(TaskId task, int parallelism, Waker* waker) {
  const bool again = coordinator_.has_value();
  CheckpointMail& mail = again ? *MailOf(task) : mails_.emplace_back();
  const CheckpointRestore* const restore = point_->from.restore.get();
  CheckpointMail::Numbers numbers;
  numbers.triggered = numbers.aborted = numbers.complete = restored();
  std::optional<Manifest::Chain> chain;
  if (restore != nullptr && point_->from.in_place) {
    chain = restore->ChainOf(OperatorsOf(task.vertex), task.subtask, parallelism);
  } else if (restore != nullptr) {
    numbers.lost = restored();  // nothing can be built on files of another folder
  }
  mail.Store(numbers);
  if (again) {
    coordinator_->StartAgain(task, std::move(chain).value_or(Manifest::Chain()));
    return &mail;
  }
  job_.tasks.push_back({task, &mail, waker});
  if (chain.has_value()) chains_[task] = *std::move(chain);
  return &mail;
}

CheckpointMail* JobCheckpoints::MailOf(TaskId task) const {
  const auto found = std::find_if(job_.tasks.begin(), job_.tasks.end(),
                                  [&](const auto& t) { return t.id == task; });
  MILLRACE_CHECK(found != job_.tasks.end(), "a task begins again that has not begun");
  return found->mail;
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
