#pragma once

#include <utility>

#include "millrace/operators/chain.h"
#include "millrace/operators/operator.h"

namespace millrace {

/// An operator whose results run through a fused chain: the part that is the same for all of them.
template <class Chain>
class ChainOperator : public Operator {
 public:
  explicit ChainOperator(const Chain& chain) : chain_(chain) {}

  void Open(OperatorContext& context) override {
    context_ = &context;
    ChainContext c(context);
    chain_.Bind(c);
  }
  bool AdvanceWatermark(EventTime watermark, StepBudget&) override {
    ForwardWatermark(watermark);
    return true;
  }
  bool Finish(StepBudget&) override { return true; }
  void ForwardIdle() override { chain_.tail().EmitIdle(); }
  void ForwardEnd() override { chain_.tail().EmitEnd(); }
  void ForwardBarrier(std::int64_t checkpoint) override { chain_.tail().EmitBarrier(checkpoint); }
  void Flush(FlushMode mode) override { chain_.tail().Flush(mode); }
  bool Blocked() override { return chain_.tail().Blocked(); }
  bool HasCommits() const override { return Chain::Tail::kCommits; }
  void Close() override { chain_.tail().Close(); }
  void PrepareCommit(OperatorSnapshot& to) override { chain_.tail().PrepareCommit(to); }
  void CommitThrough(std::int64_t checkpoint) override { chain_.tail().CommitThrough(checkpoint); }

 protected:
  void ForwardWatermark(EventTime watermark) {
    context_->counters->watermark.store(watermark.millis(), std::memory_order_relaxed);
    chain_.tail().EmitWatermark(watermark);
  }

  Chain chain_;
  OperatorContext* context_ = nullptr;
};

/// The head of a chain that reads a named stream's edge: a loop over the rows, nothing else.
template <class T, class Chain>
class BatchOperator final : public ChainOperator<Chain> {
 public:
  using ChainOperator<Chain>::ChainOperator;

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    T* rows = batch.rows_as<T>();
    while (*row < batch.size) {
      const std::uint32_t end =
          *row + budget.Take(std::min<std::uint32_t>(batch.size - *row, chunk_.rows()));
      const std::uint32_t begin = *row;
      auto cursor = this->chain_.Begin();
      for (std::uint32_t i = begin; i < end; ++i) {
        cursor.Push(rows[i], batch.times != nullptr ? batch.times[i] : EventTime::Min());
      }
      cursor.End();
      *row = end;
      this->context_->counters->in.Add(end - begin);
      chunk_.OnChunk(this->context_->counters->dynamic_sent.value());
      if (budget.Spend(end - begin) || this->Blocked()) break;
    }
    return *row == batch.size;
  }

 private:
  ChunkRows chunk_{128};
};

}  // namespace millrace
