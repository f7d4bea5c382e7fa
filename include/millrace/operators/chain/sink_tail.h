#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/operators/chain/chain.h"
#include "millrace/operators/chain/chain_tail.h"
#include "millrace/operators/pending_commits.h"
#include "millrace/operators/snapshot.h"

namespace millrace {

/// What a sink's writer is told when it is made.
struct WriterContext {
  std::string job_name;
  std::string sink_name;
  int subtask = 0;
  int parallelism = 1;
  /// NowNanos counts from some point, for distances; the time of day is WallMillis.
  const Clock* clock = nullptr;
  /// Names this run of the job: no other run of any job has it. Letters, digits and '-'; as is `job_id`.
  std::string run;
  /// The same in all runs that go on from each other's checkpoints. At most one of them is alive.
  std::string job_id;
  /// Commits follow checkpoints; without them there is one, at the end of the job.
  bool checkpoints = false;
};

namespace internal {

struct NoCommits {};
template <class Writer>
inline constexpr bool kCommitsWhatItPrepares = requires(Writer& w) { w.Commit(w.PrepareCommit()); };
/// A few words that only Write looks at while records come: a loop over rows keeps them in registers, which it could not do
/// with an object that others may know. What it adds to in memory would cost a record the way into memory and back.
template <class Writer>
inline constexpr bool kFitsIntoRegisters =
    std::is_trivially_copyable_v<Writer> && sizeof(Writer) <= 4 * sizeof(void*) &&
    !requires(Writer& w) { w.Flush(); } &&
    !requires(Writer& w, EventTime t) { w.OnWatermark(t); } &&
    !requires(Writer& w) { w.PrepareCommit(); };

/// The writer while a loop runs: itself, or a copy that is put back at the loop's end, also when something throws.
template <class Writer, bool kCopied = kFitsIntoRegisters<Writer>>
struct WriterInLoop {
  Writer& writer;
};
template <class Writer>
struct WriterInLoop<Writer, true> {
  explicit WriterInLoop(Writer& from) : writer(from), home(&from) {}
  WriterInLoop(WriterInLoop&& o) noexcept
      : writer(o.writer), home(std::exchange(o.home, nullptr)) {}
  WriterInLoop& operator=(WriterInLoop&&) = delete;
  ~WriterInLoop() {
    if (home != nullptr) *home = writer;
  }
  Writer writer;
  Writer* home;
};

}  // namespace internal

/// The end of a chain that is a sink: its writer is called per record, inlined.
///
/// A sink (FLIP-143/191's shape) has `CreateWriter(const WriterContext&) const -> Writer`. A writer has
///   void Write(const T& record, EventTime time)
/// and may have
///   void Flush()                  what was written may be seen now; called when the task goes idle
///   std::vector<std::string> PrepareCommit()   what a commit of all that was written since the last call needs: at each
///                                 checkpoint; without checkpoints once, at the end of the input
///   void Commit(const std::vector<std::string>&)   when the checkpoint is complete; without checkpoints when every subtask
///                                 of the job has come to its end. After a restore also what another writer has prepared,
///                                 and perhaps committed before: must be repeatable
///   void AbortLeftovers()         in a job with checkpoints, once, before the first record and behind the Commit of what was
///                                 restored: all else that this subtask has begun or prepared, and not committed, in earlier
///                                 runs and attempts of this job (`job_id`) is void. Other subtasks may be at work
///   void Close()
/// It may be moved, and copied if it is trivially copyable, between two calls: it keeps no address of itself.
template <class T, class Sink>
class SinkTail final : public ChainTail {
 public:
  using Record = T;
  using Tail = SinkTail;
  static constexpr bool kHasEdges = false;
  using Writer =
      decltype(std::declval<const Sink&>().CreateWriter(std::declval<const WriterContext&>()));

  static constexpr bool kCommits = internal::kCommitsWhatItPrepares<Writer>;

  explicit SinkTail(Sink sink) : sink_(std::move(sink)) {}
  SinkTail(const SinkTail& o) : sink_(o.sink_) {}
  SinkTail(SinkTail&& o) noexcept : sink_(std::move(o.sink_)) {}

  void Bind(ChainContext& c) {
    OperatorContext& context = c.operator_context();
    step_ = c.NextStep();
    counters_ = context.counters;
    try {
      writer_.emplace(sink_.CreateWriter(
          WriterContext{context.job_name, step_->name, context.subtask, context.parallelism,
                        context.clock, context.run, context.job_id, context.checkpoints}));
      if constexpr (kCommits) {
        checkpoints_ = context.checkpoints;
        if (context.restore != nullptr) CommitRestored(context);
        if constexpr (requires(Writer& w) { w.AbortLeftovers(); }) {
          if (checkpoints_) writer_->AbortLeftovers();
        }
      }
    } catch (...) {
      internal::RethrowInSink(step_->name);
    }
  }
  SinkTail& tail() { return *this; }

  struct Cursor {
    SinkTail* tail;
    internal::WriterInLoop<Writer> held;
    std::uint64_t count = 0;

    template <class U>
    MILLRACE_INLINE void Push(U& x, EventTime t) {
      ++count;
      try {
        held.writer.Write(x, t);
      } catch (...) {
        internal::RethrowWith<std::remove_cvref_t<decltype(x)>>(tail->step_->name, x);
      }
    }
    MILLRACE_INLINE void End() {
      tail->step_->in.Add(count);
      tail->step_->out.Add(count);
      tail->counters_->out.Add(count);
    }
  };
  MILLRACE_INLINE Cursor Begin() { return {this, internal::WriterInLoop<Writer>{*writer_}}; }

  bool Blocked() override { return false; }
  void Flush(FlushMode) override {
    if constexpr (requires(Writer& w) { w.Flush(); }) {
      try {
        writer_->Flush();
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }
  void EmitWatermark(EventTime watermark) override {
    if constexpr (requires(Writer& w) { w.OnWatermark(watermark); }) {
      if (watermark <= told_) return;  // the last one comes from each input, and at the end
      told_ = watermark;
      try {
        writer_->OnWatermark(watermark);
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }
  void EmitIdle() override {}
  void EmitBarrier(std::int64_t) override {}
  void EmitEnd() override {
    Flush(FlushMode::kAll);
    if constexpr (kCommits) {
      if (!checkpoints_) Prepare(PendingCommits::kEndOfJob);  // else with the last one
    }
  }

  bool HasCommits() const override { return kCommits; }
  void PrepareCommit(OperatorSnapshot& to) override {
    Flush(FlushMode::kAll);
    if constexpr (kCommits) {
      Prepare(to.checkpoint());
      to.Put(SnapshotBlock::kCommittables, commits_.Encoded());
    }
  }
  void CommitThrough(std::int64_t checkpoint) override {
    if constexpr (kCommits) {
      try {
        commits_.CommitThrough(checkpoint,
                               [this](const auto& committables) { writer_->Commit(committables); });
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }
  void Close() override {
    if constexpr (requires(Writer& w) { w.Close(); }) {
      if (!writer_.has_value()) return;
      try {
        writer_->Close();
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }

 private:
  void Prepare(std::int64_t checkpoint) {
    try {
      commits_.Add(checkpoint, writer_->PrepareCommit());
    } catch (...) {
      internal::RethrowInSink(step_->name);
    }
  }
  /// What the checkpoint has prepared is committed, or once more. Subtasks that are no more: their committables are dealt out.
  void CommitRestored(const OperatorContext& context) {
    std::vector<std::string> committables;
    ThrowIfNotRestored(ForEachNewest(
        *context.restore, SnapshotBlock::kCommittables,
        [&](std::size_t chain, std::string_view bytes) {
          const auto subtasks = static_cast<std::size_t>(context.parallelism);
          if (!context.restore->same_subtask() &&
              chain % subtasks != static_cast<std::size_t>(context.subtask))
            return Status::Ok();
          return PendingCommits::Decode(bytes, &committables)
                     ? Status::Ok()
                     : Status::DataLoss("restore a sink: its committables do not decode");
        }));
    if (!committables.empty()) writer_->Commit(std::as_const(committables));
  }
  Sink sink_;
  std::optional<Writer> writer_;
  EventTime told_ = EventTime::Min();
  StepCounters* step_ = nullptr;
  OperatorCounters* counters_ = nullptr;
  bool checkpoints_ = false;
  [[no_unique_address]] std::conditional_t<kCommits, PendingCommits, internal::NoCommits> commits_;
};

}  // namespace millrace
