#include "runtime/task/barrier_aligner.h"

#include <algorithm>
#include <utility>

namespace millrace {

std::int64_t BarrierAligner::OnBarrier(std::size_t channel, std::int64_t checkpoint) {
  if (checkpoint <= done_) return 0;
  if (!blocking_) {
    channels_[channel].newest = checkpoint;
    if (under_way_.empty() || under_way_.back() < checkpoint) under_way_.push_back(checkpoint);
    return CompleteOldest();
  }
  if (checkpoint < pending_) return 0;
  if (checkpoint > pending_) {
    Reset();
    pending_ = checkpoint;
  }
  channels_[channel].has_barrier = true;
  channels_[channel].blocked = true;
  return CompleteIfAll();
}

std::int64_t BarrierAligner::OnEnd(std::size_t channel) {
  channels_[channel].ended = true;
  return blocking_ ? CompleteIfAll() : CompleteOldest();
}

void BarrierAligner::OnAbort(std::int64_t checkpoint) {
  done_ = std::max(done_, checkpoint);
  if (pending_ != 0 && pending_ <= checkpoint) Reset();
  std::erase_if(under_way_, [this](std::int64_t id) { return id <= done_; });
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

std::int64_t BarrierAligner::CompleteOldest() {
  if (under_way_.empty()) return 0;
  const std::int64_t oldest = under_way_.front();
  for (const Channel& c : channels_) {
    if (!c.ended && c.newest < oldest) return 0;
  }
  done_ = oldest;
  under_way_.erase(under_way_.begin());
  return oldest;
}

void BarrierAligner::Reset() {
  pending_ = 0;
  for (Channel& c : channels_) c.has_barrier = c.blocked = false;
}

}  // namespace millrace
