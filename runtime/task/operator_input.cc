#include "runtime/task/operator_input.h"

#include "millrace/base/check.h"
#include "src/base/fail_point.h"

namespace millrace {

void OperatorInput::Accept(const Element& element, int port) {
  MILLRACE_CHECK(!busy(), "an operator was given an element before it was done with the last");
  element_ = element;
  port_ = port;
  row_ = 0;
}

bool OperatorInput::Run(StepBudget& budget) {
  bool done = true;
  switch (element_.kind) {
    case Element::Kind::kNone:
      return true;
    case Element::Kind::kBatch:
      done = op_->ProcessBatch(port_, *element_.batch, &row_, budget);
      break;
    case Element::Kind::kWatermark:
      done = op_->AdvanceWatermark(EventTime::FromMillis(element_.value), budget);
      break;
    case Element::Kind::kIdle:
      op_->ForwardIdle();
      break;
    case Element::Kind::kBarrier:
      if (snapshots_ != nullptr) snapshots_->OnBarrier(number_, element_.value);
      ThrowAtFailPoint(FailPoint::kBarrierForward);
      op_->ForwardBarrier(element_.value);
      break;
    case Element::Kind::kEnd:
      done = RunEnd(budget);
      break;
  }
  if (done) element_ = Element{};
  return done;
}

bool OperatorInput::RunEnd(StepBudget& budget) {
  if (end_phase_ == EndPhase::kWatermark) {
    if (!op_->AdvanceWatermark(EventTime::Max(), budget)) return false;
    end_phase_ = EndPhase::kFinish;
  }
  if (end_phase_ == EndPhase::kFinish) {
    if (!op_->Finish(budget)) return false;
    end_phase_ = EndPhase::kForward;
  }
  op_->ForwardEnd();
  ended_ = true;
  return true;
}

}  // namespace millrace
