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
#include "millrace/operators/port_tail.h"
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

  Chain chain() const { return Chain(FunctionSink<Collect>{collect_}); }
  template <class Op, class... Args>
  void Open(Args&&... args) {
    op_ = std::make_unique<Op>(std::forward<Args>(args)..., chain());
    op_->Open(context_);
  }
  void set_budget_rows(std::int64_t rows) { budget_rows_ = rows; }
  ManualClock& clock() { return clock_; }
  OperatorCounters& counters() { return counters_; }

  /// Collects a side output; before Open. `output` counts from 1, in the order of the function's members.
  template <class S>
  std::shared_ptr<std::vector<std::pair<S, EventTime>>> CollectSideOutput(std::size_t output) {
    auto factory = std::make_unique<CollectEdgeFactory<S>>();
    auto into = factory->into;
    context_.outputs.resize(output + 1);
    context_.port_factories.resize(output + 1);
    context_.outputs[output] = {nullptr};
    context_.port_factories[output] = {factory.get()};
    factories_.push_back(std::move(factory));
    return into;
  }
  Operator& op() { return *op_; }

  /// One record as a batch of its own.
  template <class K>
  void Push(const In& record, const K& key, EventTime time) {
    PushTo(0, record, key, time);
  }
  template <class Record, class K>
  void PushTo(int port, const Record& record, const K& key, EventTime time) {
    const std::unique_ptr<Batch, void (*)(Batch*)> batch(NewBatch(BatchTypeOf<Record>(), 4, {true, true}), &DeleteBatch);
    batch->rows_as<Record>()[0] = record;
    batch->times[0] = time;
    batch->hashes[0] = KeyHash(key);
    batch->size = 1;
    std::uint32_t row = 0;
    Until([&](StepBudget& budget) { return op_->ProcessBatch(port, *batch, &row, budget); });
  }
  void Watermark(std::int64_t millis) {
    const EventTime watermark = millis == INT64_MAX ? EventTime::Max() : EventTime::FromMillis(millis);
    Until([&](StepBudget& budget) { return op_->AdvanceWatermark(watermark, budget); });
  }
  void ProcessingTime(std::int64_t millis) {
    clock_.AdvanceMillis(millis - clock_.WallMillis());
    Until([&](StepBudget& budget) { return op_->AdvanceProcessingTime(millis, budget); });
  }
  void End() {
    Watermark(INT64_MAX);
    Until([&](StepBudget& budget) { return op_->Finish(budget); });
    op_->Flush(FlushMode::kAll);
  }
  /// What was emitted since the last call.
  std::vector<std::pair<Out, EventTime>> Take() { return std::exchange(*collect_.into, {}); }

 private:
  template <class S>
  struct CollectEdge final : PortEdge<S> {
    std::shared_ptr<std::vector<std::pair<S, EventTime>>> into;
    void Scatter(S* rows, const EventTime* times, std::uint32_t count, bool) override {
      for (std::uint32_t i = 0; i < count; ++i) into->emplace_back(rows[i], times[i]);
    }
    bool Blocked() override { return false; }
    void Flush(FlushMode) override {}
    void EmitWatermark(EventTime) override {}
    void EmitIdle() override {}
    void EmitEnd() override {}
  };
  template <class S>
  struct CollectEdgeFactory final : TypedPortEdgeFactory<S> {
    std::shared_ptr<std::vector<std::pair<S, EventTime>>> into =
        std::make_shared<std::vector<std::pair<S, EventTime>>>();
    std::unique_ptr<PortEdge<S>> Create(OperatorContext&, std::size_t, std::size_t) const override {
      auto edge = std::make_unique<CollectEdge<S>>();
      edge->into = into;
      return edge;
    }
  };

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
  std::vector<std::unique_ptr<PortEdgeFactory>> factories_;
  std::unique_ptr<Operator> op_;
  std::int64_t budget_rows_ = 1 << 20;
};

}  // namespace millrace::testing
