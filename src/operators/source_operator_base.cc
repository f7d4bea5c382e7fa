#include "millrace/operators/source/source_operator_base.h"

#include <algorithm>
#include <utility>

#include "millrace/operators/snapshot.h"
#include "millrace/operators/user_error.h"

namespace millrace {

SourceOperatorBase::SourceOperatorBase(bool timed, Duration idle_after)
    : timed_(timed), idle_after_(idle_after) {}

SourceOperatorBase::~SourceOperatorBase() = default;

void SourceOperatorBase::Begin() {
  chunk_ = ChunkRows(context_->batch_rows);
  if (context_->restore != nullptr) ThrowIfNotRestored(Restore(*context_->restore));
  RequestSplit();  // after a restore too: splits that nobody had yet are read along with the others
  if (const std::int64_t after = IdleNanos(); after > 0)
    idle_without_split_ = context_->clock->NowNanos() + after;
}

SourceStatus SourceOperatorBase::Poll(StepBudget& budget) {
  TakeAssignments();
  if (expects_answer_) [[unlikely]] {
    next_poll_ = INT64_MAX;  // whoever brings the rest wakes the task
    if (!context_->source_control->answered()) return SourceStatus::kWaiting;
    expects_answer_ = false;
  }
  if (splits_.empty()) {
    if (context_->source_control->no_more_splits()) return SourceStatus::kFinished;
    return AskAgain();
  }
  next_poll_ = INT64_MAX;
  std::size_t waiting = 0;
  while (waiting < splits_.size()) {
    if (turn_ >= splits_.size()) turn_ = 0;
    const PollResult result = PollTurn(budget.Take(chunk_.rows()));
    chunk_.OnChunk(context_->counters->dynamic_sent.value());
    if (result.status == PollStatus::kEnd) {
      splits_.erase(splits_.begin() + static_cast<std::ptrdiff_t>(turn_));
      if (splits_.empty()) {
        RequestSplit();
        return SourceStatus::kMore;
      }
    } else {
      waiting = result.status == PollStatus::kWaiting ? waiting + 1 : 0;
      if (result.status == PollStatus::kWaiting) next_poll_ = std::min(next_poll_, result.wake_at);
      ++turn_;
    }
    EmitWatermark();
    // A split that waits costs nothing: else a step whose budget ends here would never say that all of them wait.
    const std::uint32_t least = result.status == PollStatus::kWaiting ? 0 : 1;
    if (budget.Spend(std::max(result.rows, least)) || Blocked()) return SourceStatus::kMore;
  }
  return SourceStatus::kWaiting;
}

PollResult SourceOperatorBase::PollTurn(std::uint32_t max_rows) {
  internal::SplitBase& split = *splits_[turn_];
  PollResult result;
  try {
    result = PollSplit(split, max_rows);
  } catch (...) {
    internal::RethrowInReader(split.PositionText());
  }
  if (idle_after_.count() > 0) NoteIdleness(split, result);
  return result;
}

void SourceOperatorBase::RequestSplit() {
  constexpr std::int64_t kTenth = 100 * 1000 * 1000;
  context_->source_control->RequestSplit();
  expects_answer_ = true;
  ask_again_ = context_->clock->NowNanos() + kTenth;
}

SourceStatus SourceOperatorBase::AskAgain() {
  const std::int64_t now = context_->clock->NowNanos();
  if (now >= idle_without_split_) {
    idle_without_split_ = INT64_MAX;
    all_idle_said_ = true;
    ForwardIdle();
    return SourceStatus::kMore;
  }
  if (now >= ask_again_) {
    RequestSplit();
    return SourceStatus::kMore;
  }
  next_poll_ = std::min(ask_again_, idle_without_split_);
  return SourceStatus::kWaiting;
}

void SourceOperatorBase::TakeAssignments() {
  std::string bytes;
  while (context_->source_control->TakeSplit(&bytes)) splits_.push_back(OpenSplit(bytes));
}

// --- idleness and watermarks

std::int64_t SourceOperatorBase::IdleNanos() const {
  constexpr std::int64_t kCentury = std::int64_t{100} * 366 * 24 * 3600 * 1000;  // as good as never
  return std::min(idle_after_.count(), kCentury) * 1000000;
}

void SourceOperatorBase::NoteIdleness(internal::SplitBase& split, PollResult& result) {
  const std::int64_t now = context_->clock->NowNanos();
  if (result.rows > 0 || split.last_record == internal::SplitBase::kNotPolled) {
    split.last_record = now;
    split.idle = false;
    active_due_ |= all_idle_said_;
    all_idle_said_ = false;
  }
  const std::int64_t idle_at = split.last_record + IdleNanos();
  if (now >= idle_at) {
    split.idle = true;
  } else {
    result.wake_at = std::min(result.wake_at, idle_at);
  }
}

void SourceOperatorBase::EmitWatermark() {
  if (!timed_) return;
  EventTime lowest = EventTime::Max();
  bool any = false;
  for (const auto& split : splits_) {
    if (split->idle) continue;
    any = true;
    lowest = std::min(lowest, split->watermark());
  }
  if (!any) {
    if (!splits_.empty() && !all_idle_said_) {
      all_idle_said_ = true;
      ForwardIdle();
    }
    return;
  }
  // After idleness a watermark that has not risen says that this subtask counts again.
  if (lowest <= watermark_ && !active_due_) return;
  active_due_ = false;
  watermark_ = std::max(watermark_, lowest);
  ForwardWatermark(watermark_);
}

// --- checkpoints

void SourceOperatorBase::BeginSnapshot(OperatorSnapshot& to) {
  TakeAssignments();  // what was given out before this checkpoint is ours to remember
  ByteWriter splits;
  splits.PutCount(splits_.size());
  for (const auto& split : splits_) {
    ByteWriter position;
    split->PutPosition(position);
    splits.PutString(position.view());
    splits.Put(split->watermark().millis());
  }
  splits.Put(watermark_.millis());
  to.Put(SnapshotBlock::kSplits, std::move(splits));
  context_->source_control->OnBarrier(to.checkpoint());
}

Status SourceOperatorBase::Restore(const OperatorRestore& from) {
  std::size_t dealt = 0;
  EventTime watermark = EventTime::Max();
  const Status status =
      ForEachNewest(from, SnapshotBlock::kSplits, [&](std::size_t, std::string_view bytes) {
        return RestoreSplits(bytes, from.same_subtask(), &dealt, &watermark);
      });
  if (watermark != EventTime::Max()) watermark_ = watermark;
  return status;
}

Status SourceOperatorBase::RestoreSplits(std::string_view bytes, bool same_subtask,
                                         std::size_t* dealt, EventTime* watermark) {
  const auto subtask = static_cast<std::size_t>(context_->subtask);
  const auto subtasks = static_cast<std::size_t>(context_->parallelism);
  ByteReader in(bytes);
  std::uint32_t count = 0;
  in.GetCount(12, &count);
  std::int64_t millis = 0;
  for (; count > 0 && in.ok(); --count) {
    std::string_view position;
    if (!in.GetString(&position) || !in.Get(&millis)) break;
    if (!same_subtask && (*dealt)++ % subtasks != subtask) continue;
    splits_.push_back(OpenSplit(position));
    splits_.back()->floor = EventTime::FromMillis(millis);
  }
  if (!in.Get(&millis) || !in.AtEnd())
    return Status::DataLoss("restore a source: its splits do not decode");
  *watermark = std::min(*watermark, EventTime::FromMillis(millis));
  return Status::Ok();
}

}  // namespace millrace
