#include "runtime/task/task.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "millrace/base/check.h"
#include "millrace/operators/pending_commits.h"
#include "millrace/operators/user_error.h"
#include "src/base/fail_point.h"
#include "src/base/plant.h"

namespace millrace {

Task::Task(std::string name, int subtask, const Clock* clock)
    : name_(std::move(name)), subtask_(subtask), clock_(clock) {
  running_.task = name_.c_str();
  running_.subtask = subtask;
}

Task::~Task() {
  texts_.Abandon();
  // A job that fails or is cancelled stops in the middle of a batch.
  if (head_ != nullptr && head_->element().batch != nullptr) DeleteBatch(head_->element().batch);
}

void Task::AddOperator(std::unique_ptr<Operator> op, std::unique_ptr<OperatorContext> context,
                       bool stateful) {
  context->arena = &arena_;
  // One pool has the texts of all, which the first counts; nearly always only one operator of a task has keyed state.
  const bool first =
      std::none_of(meters_.begin(), meters_.end(), [](const auto& m) { return m != nullptr; });
  meters_.push_back(nullptr);
  if (stateful) {
    const TextPool* const texts = first ? &texts_ : nullptr;
    meters_.back() = std::make_unique<StateMeter>(context->memory, [held_by = op.get(), texts] {
      return held_by->HeldBytes() + (texts != nullptr ? texts->used_bytes() : 0);
    });
    context->state = meters_.back().get();
  }
  operators_.push_back(std::move(op));
  contexts_.push_back(std::move(context));
  if (operators_.size() == 1) {
    head_ = std::make_unique<OperatorInput>(operators_[0].get());
    inputs_.SetHashKeys(
        [head = operators_[0].get()](int port, Batch& batch) { head->HashKeys(port, batch); });
  }
}

DirectPort* Task::AddDirectPort(std::unique_ptr<DirectPort> port) {
  ports_.push_back(std::move(port));
  return ports_.back().get();
}

void Task::ExpectCheckpoints(TaskId id, std::int64_t restored, CheckpointMail* mail,
                             SnapshotTarget* target) {
  id_ = id;
  seen_ = complete_ = aborted_ = restored;
  lost_ = restored - 1;  // the mail may call what was restored lost: nothing can be built on it
  mail_ = mail;
  snapshot_target_ = target;
  snapshots_ = std::make_unique<TaskSnapshots>(id, &operators_, clock_, target);
}

void Task::Open() {
  ArenaScope scope(arena_);
  const TextPool::Scope texts(texts_);
  merger_ = std::make_unique<WatermarkMerger>(inputs_.size());
  aligner_ = std::make_unique<BarrierAligner>(inputs_.size(), !at_least_once_);
  std::map<const Operator*, OperatorInput*> inputs;
  for (const auto& port : ports_) inputs[&port->input().op()] = &port->input();
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    Mark(i);
    OperatorInput* const input = i == 0 ? head_.get() : inputs[operators_[i].get()];
    input->SetSnapshots(snapshots_.get(), i);
    operators_[i]->Open(*contexts_[i]);
    if (contexts_[i]->restore != nullptr) ThrowAtFailPoint(FailPoint::kRestoreOperator);
    opened_ = i + 1;
    input_of_.push_back(input);
  }
  RestoreInFlight();
}

void Task::RestoreInFlight() {
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    const OperatorContext& context = *contexts_[i];
    if (context.restore == nullptr) continue;
    Mark(i);
    ThrowAtFailPoint(FailPoint::kRestoreInFlight);
    const auto subtask = static_cast<std::uint32_t>(context.subtask);
    const auto subtasks = static_cast<std::uint32_t>(context.parallelism);
    if (i == 0) {
      ThrowIfNotRestored(inputs_.Restore(*context.restore, subtask, subtasks, &restored_));
      continue;
    }
    for (const auto& port : ports_) {
      if (&port->input() == input_of_[i])
        ThrowIfNotRestored(port->Restore(*context.restore, subtask, subtasks, &restored_));
    }
  }
}

Task::StateUse Task::state_use(std::size_t i) const {
  const Operator& op = *operators_[i];
  if (meters_[i] == nullptr || i >= opened_) return {};
  return {op.StateRows(), op.TableBytes() + static_cast<std::uint64_t>(meters_[i]->charged()),
          op.PendingTimers()};
}

StepResult Task::RunStep(StepBudget& budget) {
  if (life_ == Life::kUncommitted || life_ == Life::kFinished) return StepResult::kFinished;
  if (mail_ == nullptr) return RunTask(budget);
  // What is owed to a snapshot is written whether or not there is work, and room.
  ArenaScope scope(arena_);
  const TextPool::Scope texts(texts_);
  Mark(0);
  ReadMail();
  for (auto& port : ports_) port->set_budget(&budget);
  if (overtake_after_ != kNever) Overtake();
  const bool wrote = snapshots_->Slice();
  const StepResult result = life_ == Life::kInCheckpoints ? RunEnded() : RunTask(budget);
  const bool waits = result == StepResult::kIdle || result == StepResult::kBlocked;
  return waits && wrote ? StepResult::kMore : result;
}

StepResult Task::RunTask(StepBudget& budget) {
  if (arena_.crowded()) {
    for (auto& edge : edges_) edge->CollectReturned();
  }
  arena_.Recycle();
  ArenaScope scope(arena_);
  const TextPool::Scope texts(texts_);
  next_wake_ = INT64_MAX;
  fired_ = false;
  for (auto& port : ports_) port->set_budget(&budget);

  Mark(0);
  // 1. What waits inside the task, leaves first.
  if (!DrainPorts()) return budget.expired() ? StepResult::kMore : StepResult::kBlocked;
  // 2. Timers that are due.
  firing_ = FireProcessingTime(budget);
  if (firing_ == Firing::kBlocked) return StepResult::kBlocked;
  if (firing_ == Firing::kUnfinished) return StepResult::kMore;
  // 3. New input.
  const StepResult result = is_source() ? RunSource(budget) : RunInputs(budget);
  // 4. Builders whose consumers starve.
  Flush(FlushMode::kIfStarving);
  // A step that has fired timers was no waiting.
  return fired_ && result != StepResult::kFinished ? StepResult::kMore : result;
}

bool Task::DrainPorts() {
  for (std::size_t i = ports_.size(); i-- > 0;) {
    if (!ports_[i]->Drain()) return false;
  }
  // What one of them was done with may still be on its way through those further down.
  return std::none_of(ports_.begin(), ports_.end(), [](const auto& p) { return p->Pending(); });
}

std::int64_t Task::NextProcessingTime() const {
  std::int64_t next = INT64_MAX;
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    // Nobody takes the results of an operator that has ended.
    if (!input_of_[i]->ended()) next = std::min(next, operators_[i]->NextProcessingTime());
  }
  return next;
}

Task::Firing Task::FireProcessingTime(StepBudget& budget) {
  std::int64_t next = NextProcessingTime();
  if (next == INT64_MAX) return Firing::kDone;
  const std::int64_t now = clock_->WallMillis();
  if (now >= next) {
    fired_ = true;
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      if (input_of_[i]->ended()) continue;
      Mark(i);
      if (operators_[i]->AdvanceProcessingTime(now, budget)) continue;
      return operators_[i]->Blocked() && !budget.expired() ? Firing::kBlocked : Firing::kUnfinished;
    }
    Mark(0);
    next = NextProcessingTime();
  }
  if (next != INT64_MAX) {
    // A timer may be registered for any time: what is further away than a century is "never".
    constexpr std::int64_t kCentury = std::int64_t{100} * 366 * 24 * 3600 * 1000;
    if (next <= now) {
      next_wake_ = clock_->NowNanos();
    } else if (next < kCentury * 100 && next - now < kCentury) {
      next_wake_ = clock_->NowNanos() + (next - now) * 1000000;
    }
  }
  return Firing::kDone;
}

StepResult Task::RunSource(StepBudget& budget) {
  if (!source_ended_) {
    if (const std::int64_t checkpoint = NextTriggered(); checkpoint != 0) {
      ThrowAtFailPoint(FailPoint::kBarrierInject);
      head_->Accept({Element::Kind::kBarrier, nullptr, checkpoint}, 0);
      head_->Run(budget);
    }
    if (operators_[0]->Blocked()) return StepResult::kBlocked;
    switch (operators_[0]->Poll(budget)) {
      case SourceStatus::kMore:
        return operators_[0]->Blocked() && !budget.expired() ? StepResult::kBlocked
                                                             : StepResult::kMore;
      case SourceStatus::kWaiting:
        next_wake_ = std::min(next_wake_, operators_[0]->NextPoll());
        return StepResult::kIdle;
      case SourceStatus::kFinished:
        source_ended_ = true;
        head_->Accept({Element::Kind::kEnd, nullptr, 0}, 0);
        break;
    }
  }
  if (!head_->Run(budget) || !DrainPorts()) return StepResult::kMore;
  return Finish();
}

StepResult Task::RunInputs(StepBudget& budget) {
  bool progress = false;
  for (;;) {
    if (!head_->busy()) {
      if (head_->ended()) {
        if (!DrainPorts()) return StepResult::kMore;
        return Finish();
      }
      if (operators_[0]->Blocked()) return progress ? StepResult::kMore : StepResult::kBlocked;
      if (active_due_) {  // consumers that have no record of this one hear of it by a watermark
        active_due_ = false;
        head_->Accept({Element::Kind::kWatermark, nullptr, merger_->watermark().millis()}, 0);
        continue;
      }
      if (!PullElement()) return progress ? StepResult::kMore : StepResult::kIdle;
      progress = true;
      if (!head_->busy()) continue;
    } else if (head_->element().batch != nullptr && operators_[0]->Blocked()) {
      return progress ? StepResult::kMore : StepResult::kBlocked;
    }
    Batch* batch = head_->element().batch;
    if (!head_->Run(budget)) {
      return operators_[0]->Blocked() && !budget.expired() && !progress ? StepResult::kBlocked
                                                                        : StepResult::kMore;
    }
    progress = true;
    if (batch != nullptr) {
      const std::int64_t bytes = RowBytes(*batch);
      inputs_.Return(batch);
      if (meters_[0] != nullptr) meters_[0]->OnInput(bytes);  // may throw
    }
    if (!DrainPorts() || budget.expired()) return StepResult::kMore;
  }
}

bool Task::PullElement() {
  std::size_t channel = 0;
  Element element;
  if (!inputs_.Pull(*aligner_, &channel, &element)) return false;
  OnElement(channel, element);
  return true;
}

void Task::OnElement(std::size_t channel, const Element& element) {
  bool risen = false;
  switch (element.kind) {
    case Element::Kind::kBatch:
      merger_->OnRecord(channel);
      SayActive();
      head_->Accept(element, inputs_.port(channel));
      return;
    case Element::Kind::kWatermark:
      if (element.value != EventTime::Max().millis()) SayActive();  // that one says that it ends
      risen = merger_->OnWatermark(channel, EventTime::FromMillis(element.value));
      break;
    case Element::Kind::kIdle:
      risen = merger_->OnIdle(channel);
      break;
    case Element::Kind::kEnd:
      risen = merger_->OnEnd(channel);
      OnAligned(aligner_->OnEnd(channel));
      if (merger_->all_ended()) {
        head_->Accept({Element::Kind::kEnd, nullptr, 0}, 0);
        return;
      }
      break;
    case Element::Kind::kBarrier:
      if (aligner_->pending() != element.value) snapshots_->OnFirstBarrier();
      OnAligned(aligner_->OnBarrier(channel, element.value));
      return;
    case Element::Kind::kNone:
      return;
  }
  if (risen) {
    active_due_ = false;
    head_->Accept({Element::Kind::kWatermark, nullptr, merger_->watermark().millis()}, 0);
  } else if (merger_->all_idle() && !idle_said_) {
    idle_said_ = true;
    head_->Accept({Element::Kind::kIdle, nullptr, 0}, 0);
  }
}

void Task::OnAligned(std::int64_t checkpoint) {
  for (; checkpoint != 0; checkpoint = aligner_->Next()) {
    ThrowAtFailPoint(FailPoint::kBarrierAlign);
    seen_ = std::max(seen_, checkpoint);
    head_->Accept({Element::Kind::kBarrier, nullptr, checkpoint}, 0);
    StepBudget unlimited = StepBudget::Rows(INT64_MAX);
    head_->Run(unlimited);
  }
}

bool Task::MayOvertake(std::int64_t checkpoint) const {
  // A watermark, the end of input and the timers of one moment are one step for the state: its snapshot is taken before or
  // behind it.
  if (firing_ != Firing::kDone) return false;
  if (head_->busy() && head_->element().batch == nullptr) return false;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_.in_order(i) && !aligner_->Delivered(i, checkpoint)) return false;
  }
  return true;
}

void Task::Overtake() {
  if (inputs_.recording() != 0) {
    if (inputs_.GoOnRecording()) snapshots_->EndInFlight();
    return;
  }
  // One after the other: of two under way the older one is not given up because the newer one's barrier is there too.
  const std::int64_t checkpoint = std::max(seen_, aborted_) + 1;
  if (inputs_.Announced() < checkpoint) return;
  if (overtake_after_ > 0) {
    const std::int64_t now = clock_->NowNanos();
    if (std::exchange(announced_, checkpoint) != checkpoint) announced_at_ = now;
    if (now < announced_at_ + overtake_after_) return;
  }
  if (!MayOvertake(checkpoint)) return;
  ThrowAtFailPoint(FailPoint::kBarrierOvertake);
  seen_ = checkpoint;
  snapshots_->OnBarrier(0, checkpoint);
  if (snapshots_->ExpectInFlight(checkpoint)) {
    inputs_.BeginRecording(
        checkpoint, *aligner_, head_->element().batch, head_->row() + (MILLRACE_PLANT(2) ? 1 : 0),
        [this](ByteWriter element) { snapshots_->AddInFlight(std::move(element)); });
    if (inputs_.GoOnRecording()) snapshots_->EndInFlight();
  }
  aligner_->OnOvertaken(checkpoint);
  operators_[0]->ForwardBarrier(checkpoint);
}

void Task::ReadMail() {
  const std::int64_t aborted = mail_->aborted.load(std::memory_order_relaxed);
  if (aborted > aborted_) {
    aborted_ = aborted;
    aligner_->OnAbort(aborted);
    if (inputs_.recording() != 0 && inputs_.recording() <= aborted) {
      inputs_.StopRecording();
      snapshots_->EndInFlight();
    }
  }
  const std::int64_t lost = mail_->lost.load(std::memory_order_relaxed);
  if (lost > lost_) {
    lost_ = lost;
    snapshots_->OnLost();
  }
  const std::int64_t complete = mail_->complete.load(std::memory_order_acquire);
  if (complete <= complete_) return;
  complete_ = complete;
  CommitThrough(complete);
}

std::int64_t Task::NextTriggered() {
  if (mail_ == nullptr) return 0;
  const std::int64_t triggered = mail_->triggered.load(std::memory_order_acquire);
  seen_ = std::max(seen_, std::min(aborted_, triggered));
  return seen_ < triggered ? ++seen_ : 0;
}

StepResult Task::RunEnded() {
  const std::int64_t last = mail_->last.load(std::memory_order_acquire);
  if (last != 0 && complete_ >= last && !snapshots_->running()) {
    life_ = Life::kFinished;
    Close();
    return StepResult::kFinished;
  }
  next_wake_ = INT64_MAX;
  const std::int64_t checkpoint = NextTriggered();
  if (checkpoint == 0) return StepResult::kIdle;
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    Mark(i);
    snapshots_->OnBarrier(i, checkpoint);
  }
  return StepResult::kMore;
}

void Task::SayActive() {
  active_due_ |= idle_said_;
  idle_said_ = false;
}

void Task::FlushAll() {
  if (life_ == Life::kUncommitted || life_ == Life::kFinished) return;
  ArenaScope scope(arena_);
  Flush(FlushMode::kAll);
}

void Task::Flush(FlushMode mode) {
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    Mark(i);
    operators_[i]->Flush(mode);
  }
}

StepResult Task::Finish() {
  if (mail_ != nullptr) {
    life_ = Life::kInCheckpoints;
    snapshot_target_->OnEnded(id_);
    return StepResult::kMore;
  }
  const bool commits = std::any_of(operators_.begin(), operators_.end(),
                                   [](const auto& op) { return op->HasCommits(); });
  life_ = commits ? Life::kUncommitted : Life::kFinished;
  if (!commits) Close();
  return StepResult::kFinished;
}

void Task::Commit() {
  if (life_ != Life::kUncommitted) return;
  CommitThrough(PendingCommits::kEndOfJob);
  life_ = Life::kFinished;
}

void Task::CommitThrough(std::int64_t checkpoint) {
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    Mark(i);
    ThrowAtFailPoint(FailPoint::kCommitBegin);
    operators_[i]->CommitThrough(checkpoint);
    ThrowAtFailPoint(FailPoint::kCommitEnd);
  }
}

void Task::Close() {
  if (std::exchange(closed_, true)) return;
  std::exception_ptr thrown;
  std::size_t thrower = 0;
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    Mark(i);
    const std::exception_ptr now = internal::Caught([&] { operators_[i]->Close(); });
    if (now == nullptr || thrown != nullptr) continue;
    thrown = now;
    thrower = i;
  }
  if (thrown == nullptr) return;
  Mark(thrower);
  std::rethrow_exception(thrown);
}

}  // namespace millrace
