#pragma once

#include <cstddef>
#include <cstdint>

#include "millrace/io/channel.h"
#include "millrace/operators/operator.h"
#include "runtime/task/task_snapshots.h"

namespace millrace {

/// Brings elements to one operator, one at a time, and remembers how far the one at hand has come.
///
///   batch      rows until the cursor stands at the end
///   watermark  AdvanceWatermark until done
///   idle       ForwardIdle
///   barrier    the task's snapshots, if there are any; then ForwardBarrier
///   end        final watermark -> Finish -> ForwardEnd
class OperatorInput {
 public:
  explicit OperatorInput(Operator* op) : op_(op) {}
  /// Takes part in checkpoints, as the task's `number`-th operator. `snapshots` outlives it.
  void SetSnapshots(TaskSnapshots* snapshots, std::size_t number) {
    snapshots_ = snapshots;
    number_ = number;
  }

  Operator& op() { return *op_; }
  bool busy() const { return element_.kind != Element::Kind::kNone; }
  bool ended() const { return ended_; }
  const Element& element() const { return element_; }
  /// Of the batch at hand: the first row that was not processed.
  std::uint32_t row() const { return row_; }

  /// Takes an element; the one before must be done.
  void Accept(const Element& element, int port);
  /// Goes on with the element at hand; true when it is done.
  bool Run(StepBudget& budget);

 private:
  enum class EndPhase { kWatermark, kFinish, kForward };
  bool RunEnd(StepBudget& budget);

  Operator* op_;
  TaskSnapshots* snapshots_ = nullptr;
  std::size_t number_ = 0;
  Element element_;
  int port_ = 0;
  std::uint32_t row_ = 0;
  EndPhase end_phase_ = EndPhase::kWatermark;
  bool ended_ = false;
};

}  // namespace millrace
