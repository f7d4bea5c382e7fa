#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/connectors/simple_sinks.h"
#include "millrace/io/key.h"
#include "millrace/operators/operator.h"
#include "millrace/operators/sink_tail.h"

namespace millrace::testing {

/// Steps one operator on a manual clock: push records and watermarks, read what it emitted. The budget of each
/// step can be made small, so that resuming in the middle is tested too.
template <class In, class Out>
class OperatorHarness {
 public:
  struct Collect {
    std::shared_ptr<std::vector<std::pair<Out, EventTime>>> into =
        std::make_shared<std::vector<std::pair<Out, EventTime>>>();
    void operator()(const Out& row, EventTime time) const { into->emplace_back(row, time); }
  };
  using Chain = SinkTail<Out, FunctionSink<Collect>>;

  OperatorHarness() : memory_(std::int64_t{1} << 30), clock_(1700000000000) {
    counters_.steps.push_back(std::make_unique<StepCounters>());
    counters_.steps.back()->name = "sink";
    context_.name = "operator";
    context_.clock = &clock_;
    context_.memory = &memory_;
    context_.arena = &arena_;
    context_.counters = &counters_;
  }
  ~OperatorHarness() {
    op_.reset();
    DeleteBatch(batch_);
  }

  Chain chain() const { return Chain(FunctionSink<Collect>{collect_}); }
  template <class Op, class... Args>
  void Open(Args&&... args) {
    op_ = std::make_unique<Op>(std::forward<Args>(args)..., chain());
    op_->Open(context_);
  }
  void set_budget_rows(std::int64_t rows) { budget_rows_ = rows; }
  ManualClock& clock() { return clock_; }
  OperatorCounters& counters() { return counters_; }

  /// One record as a batch of its own.
  template <class K>
  void Push(const In& record, const K& key, EventTime time) {
    if (batch_ == nullptr) batch_ = NewBatch(BatchTypeOf<In>(), 4, {true, true});
    batch_->rows_as<In>()[0] = record;
    batch_->times[0] = time;
    batch_->hashes[0] = KeyHash(key);
    batch_->size = 1;
    std::uint32_t row = 0;
    Until([&](StepBudget& budget) { return op_->ProcessBatch(0, *batch_, &row, budget); });
  }
  void Watermark(std::int64_t millis) {
    Until([&](StepBudget& budget) { return op_->AdvanceWatermark(EventTime::FromMillis(millis), budget); });
  }
  void ProcessingTime(std::int64_t millis) {
    clock_.AdvanceMillis(millis - clock_.WallMillis());
    Until([&](StepBudget& budget) { return op_->AdvanceProcessingTime(millis, budget); });
  }
  void End() {
    Watermark(INT64_MAX);
    Until([&](StepBudget& budget) { return op_->Finish(budget); });
  }
  /// What was emitted since the last call.
  std::vector<std::pair<Out, EventTime>> Take() { return std::exchange(*collect_.into, {}); }

 private:
  template <class Step>
  void Until(Step step) {
    ArenaScope scope(arena_);
    for (;;) {
      StepBudget budget = StepBudget::Rows(budget_rows_);
      if (step(budget)) return;
    }
  }

  MemoryAccount memory_;
  ManualClock clock_;
  Arena arena_;
  OperatorCounters counters_;
  OperatorContext context_;
  Collect collect_;
  std::unique_ptr<Operator> op_;
  Batch* batch_ = nullptr;
  std::int64_t budget_rows_ = 1 << 20;
};

}  // namespace millrace::testing
