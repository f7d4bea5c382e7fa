#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/io/codec.h"
#include "millrace/operators/chain.h"
#include "millrace/operators/side_port.h"
#include "millrace/operators/snapshot.h"
#include "millrace/operators/source_api.h"
#include "millrace/operators/step_budget.h"
#include "millrace/operators/watermarks.h"

namespace millrace {

/// What a split's reader emits to: binds the record's time, feeds the split's watermark generator, and
/// calls the fused chain. Lives on the stack of one poll.
template <class Cursor, class Generator, class Timestamps, class Side>
class SourceOutput {
 public:
  MILLRACE_INLINE SourceOutput(Cursor cursor, const Generator& generator,
                               const Timestamps& timestamps, Side* side)
      : cursor_(std::move(cursor)), generator_(generator), timestamps_(timestamps), side_(side) {}

  /// Emits a record. An lvalue is consumed: strings are moved out of it, recycled ones left in it.
  /// A const one is copied where it goes.
  template <class T>
  MILLRACE_INLINE void Emit(T&& record, EventTime time = EventTime::Min()) {
    ++count_;
    if constexpr (Generator::kTimed) {
      time = BindTime(timestamps_, generator_, std::as_const(record), time);
    }
    cursor_.Push(record, time);
  }
  /// Input that is no record and that the user chose to skip: counted in `--metrics`.
  void CountSkipped() { ++skipped_; }
  /// A record of the source's side output. It bears the time that the split has reached.
  template <class S>
  void EmitSide(S&& record) {
    ++side_count_;
    const EventTime reached = generator_.Current();
    side_->Push(record, std::max(reached == EventTime::Min() ? reached : reached + Duration(1),
                                 Generator::kTimed ? kMinTimestamp : EventTime::Min()));
  }
  std::uint32_t count() const { return count_; }
  std::uint32_t skipped() const { return skipped_; }
  std::uint32_t side_count() const { return side_count_; }
  const Generator& generator() const { return generator_; }
  void End() { cursor_.End(); }

 private:
  Cursor cursor_;
  Generator generator_;  // a copy: in registers during the poll
  const Timestamps& timestamps_;
  Side* side_;
  std::uint32_t count_ = 0;
  std::uint32_t skipped_ = 0;
  std::uint32_t side_count_ = 0;
};

namespace internal {

template <class Reader>
inline constexpr bool kTextsLast = false;
template <class Reader>
  requires requires { Reader::kTextsLast; }
inline constexpr bool kTextsLast<Reader> = Reader::kTextsLast;

struct NoSide {
  bool Blocked() { return false; }
  void Flush(FlushMode) {}
  void EmitWatermark(EventTime) {}
  void EmitIdle() {}
  void EmitEnd() {}
  void EmitBarrier(std::int64_t) {}
};

template <class Source>
struct SideOfSource {
  using Port = NoSide;
  using Owner = Port*;
  static Owner Make(const Source&) { return nullptr; }
  static const BatchType* Type(const Source&) { return nullptr; }
};
template <class Source>
  requires requires { typename Source::SideRecord; }
struct SideOfSource<Source> {
  using Port = TypedSidePort<typename Source::SideRecord>;
  using Owner = std::unique_ptr<Port>;
  static Owner Make(const Source& source) {
    return Owner(source.side_output().empty() ? nullptr : new Port());
  }
  static const BatchType* Type(const Source& source) {
    return source.side_output().empty() ? nullptr : &BatchTypeOf<typename Source::SideRecord>();
  }
};

/// A split that a subtask reads, without the types of its reader and its generator.
struct SplitBase {
  virtual ~SplitBase() = default;
  static constexpr std::int64_t kNotPolled = INT64_MIN;
  std::int64_t last_record = kNotPolled;  // clock reading, kept only with idleness
  bool idle = false;
};

/// The splits that a subtask reads, in the order of their turns. No template: each job would compile it anew.
class SplitList {
 public:
  SplitList();
  ~SplitList();
  SplitList(const SplitList&) = delete;
  SplitList& operator=(const SplitList&) = delete;

  /// Takes over the split.
  void Add(SplitBase* split);
  void Erase(std::size_t i);
  std::size_t size() const { return splits_.size(); }
  SplitBase& operator[](std::size_t i) const { return *splits_[i]; }

 private:
  std::vector<SplitBase*> splits_;
};

}  // namespace internal

/// The head of a source's chain: polls its splits in turn, one batch of rows each, and keeps a watermark for
/// each; the operator's watermark is the minimum over the splits that are neither idle nor finished.
template <class Source, class Strategy, class Chain>
class SourceOperator final : public Operator {
 public:
  using Split = typename Source::Split;
  using Reader = decltype(std::declval<const Source&>().OpenSplit(
      std::declval<const Split&>(), std::declval<const ReaderContext&>()));
  using Generator = typename Strategy::Generator;
  using Side = internal::SideOfSource<Source>;
  /// Texts of the reader's records are not copied on their way to an operator of the same task.
  static constexpr bool kLends =
      internal::kTextsLast<Reader> && requires(typename Chain::Tail& tail) { tail.LendTexts(); };

  SourceOperator(const Source& source, const Strategy& strategy, const Chain& chain)
      : source_(source), strategy_(strategy), chain_(chain) {}

  void Open(OperatorContext& context) override {
    context_ = &context;
    chunk_ = ChunkRows(context.batch_rows);
    ChainContext c(context);
    chain_.Bind(c);
    if constexpr (kLends) chain_.tail().LendTexts();
    side_ = Side::Make(source_);
    if constexpr (requires { side_->Bind(context, 1); }) {
      if (side_ != nullptr) side_->Bind(context, 1);
    }
    if (context.restore != nullptr) ThrowIfNotRestored(Restore(*context.restore));
    RequestSplit();  // after a restore too: splits that nobody had yet are read along with the others
    if (const std::int64_t after = IdleNanos(); after > 0)
      idle_without_split_ = context.clock->NowNanos() + after;
  }

  SourceStatus Poll(StepBudget& budget) override {
    TakeAssignments();
    if (expects_answer_) [[unlikely]] {
      next_poll_ = INT64_MAX;  // whoever brings the rest wakes the task
      if (!context_->source_control->answered()) return SourceStatus::kWaiting;
      expects_answer_ = false;
    }
    if (splits_.size() == 0) {
      if (context_->source_control->no_more_splits()) return SourceStatus::kFinished;
      return AskAgain();
    }
    next_poll_ = INT64_MAX;
    std::size_t waiting = 0;
    while (waiting < splits_.size()) {
      if (turn_ >= splits_.size()) turn_ = 0;
      PollResult result;
      try {
        result = PollSplit(StateOf(turn_), budget.Take(chunk_.rows()));
      } catch (...) {
        internal::RethrowInReader(PositionText(StateOf(turn_).reader));
      }
      chunk_.OnChunk(context_->counters->dynamic_sent.value());
      if (result.status == PollStatus::kEnd) {
        splits_.Erase(turn_);
        if (splits_.size() == 0) {
          RequestSplit();
          return SourceStatus::kMore;
        }
      } else {
        waiting = result.status == PollStatus::kWaiting ? waiting + 1 : 0;
        if (result.status == PollStatus::kWaiting)
          next_poll_ = std::min(next_poll_, result.wake_at);
        ++turn_;
      }
      EmitWatermark();
      // A split that waits costs nothing: else a step whose budget ends here would never say that all of them wait.
      const std::uint32_t least = result.status == PollStatus::kWaiting ? 0 : 1;
      if (budget.Spend(std::max(result.rows, least)) || Blocked()) return SourceStatus::kMore;
    }
    return SourceStatus::kWaiting;
  }
  std::int64_t NextPoll() const override { return next_poll_; }

  bool ProcessBatch(int, Batch&, std::uint32_t*, StepBudget&) override { return true; }
  bool AdvanceWatermark(EventTime watermark, StepBudget&) override {
    context_->counters->watermark.store(watermark.millis(), std::memory_order_relaxed);
    PassWatermark(watermark);
    return true;
  }
  bool Finish(StepBudget&) override { return true; }
  void ForwardIdle() override {
    chain_.tail().EmitIdle();
    if (side_ != nullptr) side_->EmitIdle();
  }
  void ForwardEnd() override {
    chain_.tail().EmitEnd();
    if (side_ != nullptr) side_->EmitEnd();
  }
  void ForwardBarrier(std::int64_t checkpoint) override {
    chain_.tail().EmitBarrier(checkpoint);
    if (side_ != nullptr) side_->EmitBarrier(checkpoint);
  }
  void Flush(FlushMode mode) override {
    chain_.tail().Flush(mode);
    if (side_ != nullptr) side_->Flush(mode);
  }
  bool Blocked() override {
    return chain_.tail().Blocked() || (side_ != nullptr && side_->Blocked());
  }
  bool HasCommits() const override { return Chain::Tail::kCommits; }
  void Close() override { chain_.tail().Close(); }

  void BeginSnapshot(OperatorSnapshot& to) override {
    TakeAssignments();  // what was given out before this checkpoint is ours to remember
    ByteWriter splits;
    splits.PutCount(splits_.size());
    for (std::size_t i = 0; i < splits_.size(); ++i) {
      const SplitState& split = StateOf(i);
      ByteWriter position;
      Encode(PositionOf(split.reader), position);
      splits.PutString(position.view());
      splits.Put(std::max(split.floor, split.generator.Current()).millis());
    }
    splits.Put(watermark_.millis());
    to.Put(SnapshotBlock::kSplits, std::move(splits));
    context_->source_control->OnBarrier(to.checkpoint());
  }
  void PrepareCommit(OperatorSnapshot& to) override { chain_.tail().PrepareCommit(to); }
  void CommitThrough(std::int64_t checkpoint) override { chain_.tail().CommitThrough(checkpoint); }

 private:
  struct SplitState final : internal::SplitBase {
    SplitState(Reader r, Generator g) : reader(std::move(r)), generator(std::move(g)) {}
    Reader reader;
    Generator generator;
    EventTime floor = EventTime::Min();  // the watermark that the split had when it was restored
  };
  SplitState& StateOf(std::size_t i) { return static_cast<SplitState&>(splits_[i]); }

  void RequestSplit() {
    constexpr std::int64_t kTenth = 100 * 1000 * 1000;
    context_->source_control->RequestSplit();
    expects_answer_ = true;
    ask_again_ = context_->clock->NowNanos() + kTenth;
  }
  /// The enumerator had none, and did not say that none will come.
  SourceStatus AskAgain() {
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

  void TakeAssignments() {
    std::string bytes;
    while (context_->source_control->TakeSplit(&bytes)) OpenSplit(bytes);
  }

  SplitState& OpenSplit(std::string_view bytes) {
    Split split{};
    ByteReader in(bytes);
    if (!Decode(in, split)) internal::ThrowSplitNotReadBack();
    ReaderContext reader{context_->name, context_->subtask, context_->parallelism, context_->clock};
    try {
      splits_.Add(new SplitState(source_.OpenSplit(split, reader), strategy_.CreateGenerator()));
    } catch (...) {
      internal::RethrowInOpenSplit(internal::DescribeRecord(split));
    }
    return StateOf(splits_.size() - 1);
  }

  /// The splits that were being read are dealt out in turn when there are other subtasks than then.
  Status Restore(const OperatorRestore& from) {
    std::size_t dealt = 0;
    EventTime watermark = EventTime::Max();
    const auto subtask = static_cast<std::size_t>(context_->subtask);
    const auto subtasks = static_cast<std::size_t>(context_->parallelism);
    const Status status =
        ForEachNewest(from, SnapshotBlock::kSplits, [&](std::size_t, std::string_view bytes) {
          ByteReader in(bytes);
          std::uint32_t count = 0;
          in.GetCount(12, &count);
          std::int64_t millis = 0;
          for (; count > 0 && in.ok(); --count) {
            std::string_view position;
            if (!in.GetString(&position) || !in.Get(&millis)) break;
            if (!from.same_subtask() && dealt++ % subtasks != subtask) continue;
            OpenSplit(position).floor = EventTime::FromMillis(millis);
          }
          if (!in.Get(&millis) || !in.AtEnd())
            return Status::DataLoss("restore a source: its splits do not decode");
          watermark = std::min(watermark, EventTime::FromMillis(millis));
          return Status::Ok();
        });
    if (watermark != EventTime::Max()) watermark_ = watermark;
    return status;
  }

  /// A function of its own: what a handler looks at can't stay in registers, and nothing does once one is in the loop.
  [[gnu::noinline]] PollResult PollSplit(SplitState& split, std::uint32_t max_rows) {
    using Out = SourceOutput<typename Chain::Cursor, Generator, typename Strategy::Timestamps,
                             typename Side::Port>;
    Out out(chain_.Begin(), split.generator, strategy_.timestamps(), std::to_address(side_));
    PollResult result = split.reader.Poll(out, max_rows);
    out.End();
    if constexpr (kLends) chain_.tail().EndLent();
    split.generator = out.generator();
    result.rows = out.count() + out.side_count();  // a step's work
    context_->counters->in.Add(out.count());
    if (out.skipped() > 0) context_->counters->errors_skipped.Add(out.skipped());
    if (strategy_.idle_after().count() > 0) NoteIdleness(split, result);
    return result;
  }

  static Split PositionOf(const Reader& reader) {
    if constexpr (requires { reader.Position(); }) {
      return reader.Position();
    } else {
      throw ConnectorError(
          "the source's reader has no Position(): it can't take part in checkpoints");
    }
  }
  static std::string PositionText(const Reader& reader) {
    if constexpr (requires { reader.Position(); }) {
      return internal::DescribeRecord(reader.Position());
    } else {
      return "";
    }
  }

  std::int64_t IdleNanos() const {
    constexpr std::int64_t kCentury =
        std::int64_t{100} * 366 * 24 * 3600 * 1000;  // as good as never
    return std::min(strategy_.idle_after().count(), kCentury) * 1000000;
  }
  void NoteIdleness(SplitState& split, PollResult& result) {
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

  void EmitWatermark() {
    if constexpr (!Generator::kTimed) return;
    EventTime lowest = EventTime::Max();
    bool any = false;
    for (std::size_t i = 0; i < splits_.size(); ++i) {
      const SplitState& split = StateOf(i);
      if (split.idle) continue;
      any = true;
      lowest = std::min(lowest, std::max(split.floor, split.generator.Current()));
    }
    if (!any) {
      if (splits_.size() > 0 && !all_idle_said_) {
        all_idle_said_ = true;
        ForwardIdle();
      }
      return;
    }
    // After idleness a watermark that has not risen says that this subtask counts again.
    if (lowest <= watermark_ && !active_due_) return;
    active_due_ = false;
    watermark_ = std::max(watermark_, lowest);
    lowest = watermark_;
    context_->counters->watermark.store(lowest.millis(), std::memory_order_relaxed);
    PassWatermark(lowest);
  }

  void PassWatermark(EventTime watermark) {
    chain_.tail().EmitWatermark(watermark);
    if (side_ != nullptr) side_->EmitWatermark(watermark);
  }

  Source source_;
  Strategy strategy_;
  Chain chain_;
  typename Side::Owner side_{};
  OperatorContext* context_ = nullptr;
  internal::SplitList splits_;
  std::size_t turn_ = 0;
  ChunkRows chunk_{512};
  std::int64_t next_poll_ = INT64_MAX;
  std::int64_t ask_again_ = INT64_MAX;           // clock reading, while there is no split
  bool expects_answer_ = false;                  // to a request for splits
  std::int64_t idle_without_split_ = INT64_MAX;  // the same; INT64_MAX when it was said, too
  EventTime watermark_ = EventTime::Min();
  bool all_idle_said_ = false;
  bool active_due_ = false;
};

}  // namespace millrace
