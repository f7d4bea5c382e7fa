#include "millrace/operators/chain/chain_operator_base.h"

#include <algorithm>
#include <utility>

namespace millrace {

ChainOperatorBase::ChainOperatorBase() = default;
ChainOperatorBase::~ChainOperatorBase() = default;

void ChainOperatorBase::AddSide(std::unique_ptr<internal::SidePort> port) {
  sides_.push_back(std::move(port));
}

bool ChainOperatorBase::AdvanceWatermark(EventTime watermark, StepBudget&) {
  ForwardWatermark(watermark);
  return true;
}

bool ChainOperatorBase::Finish(StepBudget&) {
  return true;
}

void ChainOperatorBase::ForwardWatermark(EventTime watermark) {
  context_->counters->watermark.store(watermark.millis(), std::memory_order_relaxed);
  tail_->EmitWatermark(watermark);
  for (const auto& side : sides_) side->EmitWatermark(watermark);
}

void ChainOperatorBase::ForwardIdle() {
  tail_->EmitIdle();
  for (const auto& side : sides_) side->EmitIdle();
}

void ChainOperatorBase::ForwardEnd() {
  tail_->EmitEnd();
  for (const auto& side : sides_) side->EmitEnd();
}

void ChainOperatorBase::ForwardBarrier(std::int64_t checkpoint) {
  tail_->EmitBarrier(checkpoint);
  for (const auto& side : sides_) side->EmitBarrier(checkpoint);
}

void ChainOperatorBase::Flush(FlushMode mode) {
  tail_->Flush(mode);
  for (const auto& side : sides_) side->Flush(mode);
}

bool ChainOperatorBase::Blocked() {
  return tail_->Blocked() || std::any_of(sides_.begin(), sides_.end(),
                                         [](const auto& side) { return side->Blocked(); });
}

std::uint64_t ChainOperatorBase::emitted_aside() const {
  std::uint64_t emitted = 0;
  for (const auto& side : sides_) emitted += side->emitted();
  return emitted;
}

}  // namespace millrace
