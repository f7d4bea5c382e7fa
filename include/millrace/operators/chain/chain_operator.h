#pragma once

#include <algorithm>
#include <cstdint>

#include "millrace/operators/chain/chain.h"
#include "millrace/operators/chain/chain_operator_base.h"

namespace millrace {

/// An operator whose results run through a fused chain.
template <class Chain>
class ChainOperator : public ChainOperatorBase {
 public:
  explicit ChainOperator(const Chain& chain) : chain_(chain) { SetTail(chain_.tail()); }

  void Open(OperatorContext& context) override {
    context_ = &context;
    ChainContext c(context);
    chain_.Bind(c);
  }

 protected:
  Chain chain_;
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
