#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/operators/chain.h"

namespace millrace {

/// What a sink's writer is told when it is made.
struct WriterContext {
  std::string job_name;
  std::string sink_name;
  int subtask = 0;
  int parallelism = 1;
  const Clock* clock = nullptr;
};

namespace internal {

struct NoCommits {};
template <class Writer>
struct CommitsOf {
  static constexpr bool kExist = false;
  using Prepared = NoCommits;
};
template <class Writer>
  requires requires(Writer& w) { w.Commit(w.PrepareCommit()); }
struct CommitsOf<Writer> {
  static constexpr bool kExist = true;
  using Prepared = std::remove_cvref_t<decltype(std::declval<Writer&>().PrepareCommit())>;
};

}  // namespace internal

/// The end of a chain that is a sink: its writer is called per record, inlined.
///
/// A sink (FLIP-143/191's shape) has `CreateWriter(const WriterContext&) const -> Writer`. A writer has
///   void Write(const T& record, EventTime time)
/// and may have
///   void Flush()                  what was written may be seen now; called when the task goes idle
///   std::vector<std::string> PrepareCommit()   at the end of the input: what a commit needs
///   void Commit(const std::vector<std::string>&)   when every subtask of the job has come to its end
///   void Close()
template <class T, class Sink>
class SinkTail {
 public:
  using Record = T;
  using Tail = SinkTail;
  static constexpr bool kHasEdges = false;
  using Writer =
      decltype(std::declval<const Sink&>().CreateWriter(std::declval<const WriterContext&>()));

  static constexpr bool kCommits = internal::CommitsOf<Writer>::kExist;

  explicit SinkTail(Sink sink) : sink_(std::move(sink)) {}
  SinkTail(const SinkTail& o) : sink_(o.sink_) {}
  SinkTail(SinkTail&& o) noexcept : sink_(std::move(o.sink_)) {}

  void Bind(ChainContext& c) {
    OperatorContext& context = c.operator_context();
    step_ = c.NextStep();
    counters_ = context.counters;
    try {
      writer_.emplace(sink_.CreateWriter(WriterContext{
          context.job_name, step_->name, context.subtask, context.parallelism, context.clock}));
    } catch (...) {
      internal::RethrowInSink(step_->name);
    }
  }
  SinkTail& tail() { return *this; }

  struct Cursor {
    SinkTail* tail;
    std::uint64_t count = 0;

    template <class U>
    MILLRACE_INLINE void Push(U& x, EventTime t) {
      ++count;
      tail->Write(x, t);
    }
    MILLRACE_INLINE void End() {
      tail->step_->in.Add(count);
      tail->step_->out.Add(count);
      tail->counters_->out.Add(count);
    }
  };
  MILLRACE_INLINE Cursor Begin() { return {this}; }

  bool Blocked() { return false; }
  void Flush(FlushMode) {
    if constexpr (requires(Writer& w) { w.Flush(); }) {
      try {
        writer_->Flush();
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }
  void EmitWatermark(EventTime watermark) {
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
  void EmitIdle() {}
  void EmitEnd() {
    Flush(FlushMode::kAll);
    if constexpr (kCommits) {
      try {
        prepared_ = writer_->PrepareCommit();
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }
  void Commit() {
    if constexpr (kCommits) {
      try {
        writer_->Commit(prepared_);
      } catch (...) {
        internal::RethrowInSink(step_->name);
      }
    }
  }
  void Close() {
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
  template <class U>
  MILLRACE_INLINE void Write(U& x, EventTime t) {
    try {
      writer_->Write(x, t);
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(x)>>(step_->name, x);
    }
  }

  Sink sink_;
  std::optional<Writer> writer_;
  EventTime told_ = EventTime::Min();
  StepCounters* step_ = nullptr;
  OperatorCounters* counters_ = nullptr;
  [[no_unique_address]] typename internal::CommitsOf<Writer>::Prepared prepared_;
};

}  // namespace millrace
