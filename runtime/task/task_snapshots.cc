#include "runtime/task/task_snapshots.h"

#include <algorithm>
#include <utility>

#include "millrace/base/check.h"
#include "src/base/fail_point.h"
#include "src/base/thread_cpu.h"

namespace millrace {

/// One operator's part of one snapshot.
struct TaskSnapshots::OperatorPart final : BlockSink {
  OperatorPart(std::size_t op, std::int64_t checkpoint, SnapshotFile* file, bool whole)
      : op_(op), file_(file), snapshot(checkpoint, this, whole) {}
  void Take(SnapshotBlock kind, ByteWriter block) override {
    file_->Add(op_, kind, std::move(block));
  }
  std::size_t NextPhase() const override { return file_->NextPhase(); }

  std::size_t op_;
  SnapshotFile* file_;
  OperatorSnapshot snapshot;
  bool done = false;  // nothing is owed any more
};

TaskSnapshots::TaskSnapshots(TaskId task, const std::vector<std::unique_ptr<Operator>>* operators,
                             const Clock* clock, SnapshotTarget* target)
    : task_(task), operators_(operators), clock_(clock), target_(target) {}

TaskSnapshots::~TaskSnapshots() = default;

bool TaskSnapshots::MayBegin() const {
  if (open_.empty()) return true;
  // A whole snapshot begins alone, in every operator.
  const Open& newest = open_.back();
  const bool begins_whole = newest.whole && newest.parts.size() < operators_->size();
  return open_.size() < kMostOpen && !whole_ && !begins_whole;
}

void TaskSnapshots::OnBarrier(std::size_t op, std::int64_t checkpoint) {
  const std::int64_t now = clock_->NowNanos();
  if (op == 0) {
    const std::int64_t first = first_barrier_ == 0 ? now : first_barrier_;
    first_barrier_ = 0;
    std::unique_ptr<SnapshotFile> file;
    if (MayBegin()) file = target_->Begin(task_, checkpoint);
    if (file != nullptr && file->base_lost()) whole_ = true;
    if (file == nullptr || !MayBegin()) {
      target_->OnDeclined(task_, checkpoint,
                          "earlier snapshots of the task are still being written");
    } else {
      open_.push_back({checkpoint, std::move(file), whole_, {}, false, false, {}});
      whole_ = false;
      open_.back().times.began = first;
      open_.back().times.alignment = now - first;
    }
  }
  // Another barrier may have overtaken this one on its way from operator to operator.
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const Open& o) { return o.checkpoint == checkpoint; });
  if (found == open_.end()) return;  // declined
  Open& open = *found;
  open.parts.push_back(std::make_unique<OperatorPart>(op, checkpoint, open.file.get(), open.whole));
  OperatorSnapshot& snapshot = open.parts.back()->snapshot;
  ThrowAtFailPoint(FailPoint::kSnapshotBegin);
  (*operators_)[op]->PrepareCommit(snapshot);
  (*operators_)[op]->BeginSnapshot(snapshot);
  Note(now, &open);
}

std::int64_t TaskSnapshots::Note(std::int64_t began, Open* open) {
  const std::int64_t nanos = clock_->NowNanos() - began;
  open->times.snapshot += nanos;
  open->times.longest = std::max(open->times.longest, nanos);
  return nanos;
}

bool TaskSnapshots::ExpectInFlight(std::int64_t checkpoint) {
  if (open_.empty() || open_.back().checkpoint != checkpoint) return false;
  open_.back().expects_in_flight = true;
  return true;
}

TaskSnapshots::Open* TaskSnapshots::Expecting() {
  const auto open =
      std::find_if(open_.begin(), open_.end(), [](const Open& o) { return o.expects_in_flight; });
  MILLRACE_CHECK(open != open_.end(), "no snapshot waits for in-flight elements");
  return &*open;
}

void TaskSnapshots::AddInFlight(ByteWriter element) {
  ThrowAtFailPoint(FailPoint::kSnapshotInFlight);
  Open& open = *Expecting();
  open.times.in_flight += element.size();
  open.file->Add(0, SnapshotBlock::kInFlight, std::move(element));
}

void TaskSnapshots::EndInFlight() {
  Expecting()->expects_in_flight = false;
}

void TaskSnapshots::OnStepEnd(std::int64_t cpu_nanos) {
  for (Open& open : open_) open.times.step = std::max(open.times.step, cpu_nanos - step_began_);
}

bool TaskSnapshots::Slice() {
  if (open_.empty() || target_->Crowded()) return false;
  const std::int64_t began = clock_->NowNanos();
  const bool did = WriteOldest();
  const std::int64_t nanos = Note(began, &open_.front());
  if (open_.front().owes_nothing) {
    CloseOldest();
  } else if (did) {
    Learn(nanos);
  }
  return did;
}

void TaskSnapshots::Learn(std::int64_t nanos) {
  constexpr std::int64_t kSliceNanos = 200 * 1000;
  constexpr std::uint32_t kLeastRows = 128, kMostRows = 8192;
  if (nanos > 2 * kSliceNanos) {
    rows_ = std::max(rows_ / 2, kLeastRows);
  } else if (nanos > 0 && nanos < kSliceNanos / 2) {  // a manual clock stands still
    rows_ = std::min(rows_ * 2, kMostRows);
  }
}

bool TaskSnapshots::WriteOldest() {
  Open& open = open_.front();
  for (const auto& part : open.parts) {
    if (part->done) continue;
    ThrowAtFailPoint(FailPoint::kSnapshotSlice);
    part->done = (*operators_)[part->op_]->SnapshotSlice(rows_);
    if (!part->done) return true;
  }
  // The barrier is still on its way, or what it has overtaken.
  if (open.parts.size() < operators_->size() || open.expects_in_flight) return false;
  open.owes_nothing = true;
  return true;
}

void TaskSnapshots::CloseOldest() {
  ThrowAtFailPoint(FailPoint::kSnapshotSeal);
  Open& open = open_.front();
  std::int64_t oldest = open.checkpoint;
  for (const auto& part : open.parts) oldest = std::min(oldest, part->snapshot.oldest());
  if (step_began_ != 0) open.times.step = std::max(open.times.step, ThreadCpuNanos() - step_began_);
  open.file->End(oldest, open.times);
  open_.pop_front();
}

}  // namespace millrace
