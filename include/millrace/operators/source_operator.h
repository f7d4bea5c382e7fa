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
      : cursor_(cursor), generator_(generator), timestamps_(timestamps), side_(side) {}

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
    side_->Push(record, generator_.Current() + Duration(1));
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

struct NoSide {
  bool Blocked() { return false; }
  void Flush(FlushMode) {}
  void EmitWatermark(EventTime) {}
  void EmitIdle() {}
  void EmitEnd() {}
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
  std::int64_t last_record = 0;  // clock reading, kept only with idleness
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

  SourceOperator(const Source& source, const Strategy& strategy, const Chain& chain)
      : source_(source), strategy_(strategy), chain_(chain) {}

  void Open(OperatorContext& context) override {
    context_ = &context;
    chunk_ = ChunkRows(context.batch_rows);
    ChainContext c(context);
    chain_.Bind(c);
    side_ = Side::Make(source_);
    if constexpr (requires { side_->Bind(context, 1); }) {
      if (side_ != nullptr) side_->Bind(context, 1);
    }
    context.source_control->RequestSplit();
  }

  SourceStatus Poll(StepBudget& budget) override {
    TakeAssignments();
    if (splits_.size() == 0) {
      return context_->source_control->no_more_splits() ? SourceStatus::kFinished
                                                        : SourceStatus::kWaiting;
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
          context_->source_control->RequestSplit();
          return SourceStatus::kMore;
        }
      } else {
        waiting = result.status == PollStatus::kWaiting ? waiting + 1 : 0;
        if (result.status == PollStatus::kWaiting)
          next_poll_ = std::min(next_poll_, result.wake_at);
        ++turn_;
      }
      EmitWatermark();
      // A split that waits costs no row: else steps of a few rows never get round them all, and nobody knows that all wait.
      const bool waits = result.status == PollStatus::kWaiting;
      if (budget.Spend(waits ? result.rows : std::max<std::uint32_t>(result.rows, 1)) || Blocked())
        return SourceStatus::kMore;
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
  void Flush(FlushMode mode) override {
    chain_.tail().Flush(mode);
    if (side_ != nullptr) side_->Flush(mode);
  }
  bool Blocked() override {
    return chain_.tail().Blocked() || (side_ != nullptr && side_->Blocked());
  }
  void Close() override { chain_.tail().Close(); }

 private:
  struct SplitState final : internal::SplitBase {
    SplitState(Reader r, Generator g) : reader(std::move(r)), generator(std::move(g)) {}
    Reader reader;
    Generator generator;
  };
  SplitState& StateOf(std::size_t i) { return static_cast<SplitState&>(splits_[i]); }

  void TakeAssignments() {
    std::string bytes;
    while (context_->source_control->TakeSplit(&bytes)) {
      Split split{};
      ByteReader in(bytes);
      if (!Decode(in, split)) internal::ThrowSplitNotReadBack();
      ReaderContext reader{context_->name, context_->subtask, context_->parallelism,
                           context_->clock};
      try {
        splits_.Add(new SplitState(source_.OpenSplit(split, reader), strategy_.CreateGenerator()));
      } catch (...) {
        internal::RethrowInOpenSplit(internal::DescribeRecord(split));
      }
    }
  }

  /// A function of its own: what a handler looks at can't stay in registers, and nothing does once one is in the loop.
  [[gnu::noinline]] PollResult PollSplit(SplitState& split, std::uint32_t max_rows) {
    using Out = SourceOutput<typename Chain::Cursor, Generator, typename Strategy::Timestamps,
                             typename Side::Port>;
    Out out(chain_.Begin(), split.generator, strategy_.timestamps(), std::to_address(side_));
    PollResult result = split.reader.Poll(out, max_rows);
    out.End();
    split.generator = out.generator();
    result.rows = out.count() + out.side_count();  // a step's work
    context_->counters->in.Add(out.count());
    if (out.skipped() > 0) context_->counters->errors_skipped.Add(out.skipped());
    if (strategy_.idle_after().count() > 0) NoteIdleness(split, result);
    return result;
  }

  static std::string PositionText(const Reader& reader) {
    if constexpr (requires { reader.Position(); }) {
      return internal::DescribeRecord(reader.Position());
    } else {
      return "";
    }
  }

  void NoteIdleness(SplitState& split, PollResult& result) {
    const std::int64_t now = context_->clock->NowNanos();
    if (result.rows > 0 || split.last_record == 0) {
      split.last_record = now;
      split.idle = false;
      all_idle_said_ = false;
      return;
    }
    constexpr std::int64_t kCentury =
        std::int64_t{100} * 366 * 24 * 3600 * 1000;  // as good as never
    const std::int64_t idle_at =
        split.last_record + std::min(strategy_.idle_after().count(), kCentury) * 1000000;
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
      lowest = std::min(lowest, split.generator.Current());
    }
    if (!any) {
      if (splits_.size() > 0 && !all_idle_said_) {
        all_idle_said_ = true;
        ForwardIdle();
      }
      return;
    }
    if (lowest <= watermark_) return;
    watermark_ = lowest;
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
  EventTime watermark_ = EventTime::Min();
  bool all_idle_said_ = false;
};

}  // namespace millrace
