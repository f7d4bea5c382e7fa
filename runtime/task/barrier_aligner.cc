#include "runtime/task/barrier_aligner.h"

#include <algorithm>
#include <utility>

namespace millrace {

std::int64_t BarrierAligner::OnBarrier(std::size_t channel, std::int64_t checkpoint) {
  if (checkpoint <= done_ || checkpoint < pending_) return 0;
  if (checkpoint > pending_) {
    Reset();
    pending_ = checkpoint;
  }
  channels_[channel].has_barrier = true;
  channels_[channel].blocked = blocking_;
  return CompleteIfAll();
}

std::int64_t BarrierAligner::OnEnd(std::size_t channel) {
  channels_[channel].ended = true;
  return CompleteIfAll();
}

void BarrierAligner::OnAbort(std::int64_t checkpoint) {
  done_ = std::max(done_, checkpoint);
  if (pending_ != 0 && pending_ <= checkpoint) Reset();
}

std::int64_t BarrierAligner::CompleteIfAll() {
  if (pending_ == 0) return 0;
  for (const Channel& c : channels_) {
    if (!c.has_barrier && !c.ended) return 0;
  }
  done_ = pending_;
  const std::int64_t complete = pending_;
  Reset();
  return complete;
}

void BarrierAligner::Reset() {
  pending_ = 0;
  for (Channel& c : channels_) c.has_barrier = c.blocked = false;
}

}  // namespace millrace
