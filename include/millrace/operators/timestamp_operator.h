#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "millrace/operators/chain/chain_operator.h"
#include "millrace/operators/snapshot.h"
#include "millrace/operators/watermarks.h"

namespace millrace {

/// Gives records new event times and watermarks in the middle of a job. Watermarks from before are dropped, except
/// the final one. (Flink: TimestampsAndWatermarksOperator)
template <class T, class Strategy, class Chain>
class TimestampOperator final : public ChainOperator<Chain> {
 public:
  using Generator = typename Strategy::Generator;
  TimestampOperator(const Strategy& strategy, const Chain& chain)
      : ChainOperator<Chain>(chain), strategy_(strategy), generator_(strategy.CreateGenerator()) {}

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    T* rows = batch.rows_as<T>();
    RestartIdleness();
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t end =
          begin + budget.Take(std::min<std::uint32_t>(batch.size - begin, 128));
      auto cursor = this->chain_.Begin();
      for (std::uint32_t i = begin; i < end; ++i) {
        const EventTime time = BindTime(strategy_.timestamps(), generator_, std::as_const(rows[i]),
                                        batch.times != nullptr ? batch.times[i] : EventTime::Min());
        cursor.Push(rows[i], time);
      }
      cursor.End();
      *row = end;
      this->context_->counters->in.Add(end - begin);
      if (generator_.Current() > watermark_ || said_idle_) {  // or it says that records come again
        said_idle_ = false;
        watermark_ = std::max(watermark_, generator_.Current());
        this->ForwardWatermark(watermark_);
      }
      if (budget.Spend(end - begin) || this->Blocked()) break;
    }
    return *row == batch.size;
  }
  void Open(OperatorContext& context) override {
    ChainOperator<Chain>::Open(context);
    RestartIdleness();  // no record for so long from the start is idle too
    if (context.restore != nullptr) watermark_ = RestoredTimes(*context.restore, 1)[0];
  }
  void BeginSnapshot(OperatorSnapshot& to) override {
    to.Put(SnapshotBlock::kOperator, EncodedTimes({watermark_}));
  }
  bool AdvanceWatermark(EventTime watermark, StepBudget&) override {
    if (watermark == EventTime::Max()) this->ForwardWatermark(watermark);
    return true;
  }
  bool AdvanceProcessingTime(std::int64_t wall_millis, StepBudget&) override {
    if (wall_millis >= idle_at_) {
      idle_at_ = INT64_MAX;
      ForwardIdle();
    }
    return true;
  }
  void ForwardIdle() override {
    said_idle_ = true;
    ChainOperator<Chain>::ForwardIdle();
  }
  std::int64_t NextProcessingTime() const override { return idle_at_; }

 private:
  void RestartIdleness() {
    if (strategy_.idle_after().count() == 0) return;
    idle_at_ = this->context_->clock->WallMillis() + strategy_.idle_after().count();
  }

  Strategy strategy_;
  Generator generator_;
  EventTime watermark_ = EventTime::Min();
  bool said_idle_ = false;
  std::int64_t idle_at_ = INT64_MAX;
};

}  // namespace millrace
