#pragma once

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/operators/chain/chain_operator.h"
#include "millrace/operators/operator_states.h"
#include "millrace/operators/process_function.h"
#include "millrace/operators/snapshot.h"

namespace millrace {

/// What operators around a process function share: its copy, its side outputs, calls with errors that name the record.
template <class Fn, class Context, class Chain>
class ProcessOperatorBase : public ChainOperator<Chain> {
 public:
  using Out = typename Fn::Out;
  ProcessOperatorBase(std::string name, const Fn& fn, const Chain& chain)
      : ChainOperator<Chain>(chain), fn_(fn), name_(std::move(name)) {}

  void Open(OperatorContext& context) override {
    ChainOperator<Chain>::Open(context);
    process_.clock_ = context.clock;
    for (auto& port : internal::OpenSidePorts(context, fn_, &now())) this->AddSide(std::move(port));
    if (context.restore != nullptr)
      ThrowIfNotRestored(
          RestoreOperatorStates(fn_, *context.restore, context.subtask, context.parallelism));
    opened_ = true;
    if constexpr (requires(const FunctionContext& c) { fn_.Open(c); }) {
      try {
        fn_.Open(FunctionContext{context.name, context.subtask, context.parallelism});
      } catch (...) {
        internal::RethrowIn("Open of '" + name_ + "'");
      }
    }
  }
  bool AdvanceWatermark(EventTime watermark, StepBudget&) override {
    PassWatermark(watermark);
    return true;
  }
  void BeginSnapshot(OperatorSnapshot& to) override { SnapshotOperatorStates(fn_, to); }
  std::uint64_t HeldBytes() const override { return fn_.HeldByOperatorStates(); }
  /// The function's `Close` if its `Open` was called, then the tail's, whatever was thrown.
  void Close() override {
    const std::exception_ptr thrown = internal::Caught([this] { CloseFunction(); });
    ChainOperator<Chain>::Close();
    if (thrown != nullptr) std::rethrow_exception(thrown);
  }

 protected:
  EventTime& now() { return process_.now_; }
  EventTime watermark() const { return process_.watermark_; }
  void PassWatermark(EventTime watermark) {
    process_.watermark_ = std::max(process_.watermark_, watermark);
    this->ForwardWatermark(watermark);
  }
  void SetWatermark(EventTime watermark) {
    process_.watermark_ = std::max(process_.watermark_, watermark);
  }

  /// Calls `call(collector)` with what the function accepts: the inlined collector or an erased one.
  template <class Cursor, class Call, class Describe>
  MILLRACE_INLINE void Collecting(Cursor& cursor, EventTime time, Call call, Describe describe) {
    process_.now_ = time;
    CursorCollector<Out, Cursor> collector(cursor, scratch_, time, emitted_);
    try {
      if constexpr (std::is_invocable_v<Call, decltype(collector)&>) {
        call(collector);
      } else {
        Collector<Out> erased(collector);
        call(erased);
      }
    } catch (...) {
      internal::RethrowAt(name_, describe());
    }
    collector.Done();
  }

  /// Records of one batch through `call(record, collector)`, where keys say nothing.
  template <class In, class Call>
  bool ProcessPlainRows(Batch& batch, std::uint32_t* row, StepBudget& budget, Call call) {
    const In* rows = batch.rows_as<In>();
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t count = budget.Take(std::min<std::uint32_t>(batch.size - begin, 128));
      auto cursor = this->chain_.Begin();
      for (std::uint32_t i = begin; i < begin + count; ++i) {
        const In& record = rows[i];
        Collecting(
            cursor, batch.times != nullptr ? batch.times[i] : EventTime::Min(),
            [&](auto& out)
              requires std::is_invocable_v<Call, const In&, decltype(out)>
            { call(record, out); },
            [&] { return "record " + internal::DescribeRecord(record); });
      }
      cursor.End();
      *row = begin + count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    return *row == batch.size;
  }

  Context process_;
  Fn fn_;
  std::string name_;

 private:
  void CloseFunction() {
    if constexpr (requires { fn_.Close(); }) {
      if (!opened_) return;
      try {
        const std::uint64_t before = this->emitted_aside();
        fn_.Close();
        if (this->emitted_aside() != before) internal::ThrowEmittedInClose();
      } catch (...) {
        internal::RethrowIn("Close of '" + name_ + "'");
      }
    }
  }

  Out scratch_{};
  std::uint64_t emitted_ = 0;
  bool opened_ = false;
};

/// A process function without a key.
template <class T, class Fn, class Chain>
class ProcessOperator : public ProcessOperatorBase<Fn, ProcessContext, Chain> {
 public:
  using Base = ProcessOperatorBase<Fn, ProcessContext, Chain>;
  using Base::Base;

  void Open(OperatorContext& context) override {
    if (context.restore != nullptr) this->SetWatermark(RestoredTimes(*context.restore, 1)[0]);
    Base::Open(context);
  }
  void BeginSnapshot(OperatorSnapshot& to) override {
    Base::BeginSnapshot(to);
    to.Put(SnapshotBlock::kOperator, EncodedTimes({this->watermark()}));
  }
  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    return this->template ProcessPlainRows<T>(
        batch, row, budget,
        [this](const T& record, auto& out) -> decltype(std::declval<Fn&>().ProcessElement(
                                               record, std::declval<ProcessContext&>(), out)) {
          return this->fn_.ProcessElement(record, this->process_, out);
        });
  }
};

}  // namespace millrace
