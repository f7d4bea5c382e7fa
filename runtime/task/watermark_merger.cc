#include "runtime/task/watermark_merger.h"

#include <algorithm>

namespace millrace {

bool WatermarkMerger::Recompute() {
  EventTime lowest = EventTime::Max();
  bool any = false, idle = false;
  for (const Channel& c : channels_) {
    if (c.ended) continue;
    idle |= c.idle;
    if (c.idle) continue;
    any = true;
    lowest = std::min(lowest, c.watermark);
  }
  // Nobody holds time back, but the end of all input alone may send it to infinity: stay. (Flink: FLINK-38477)
  if (!any || lowest <= watermark_ || (idle && lowest == EventTime::Max())) return false;
  watermark_ = lowest;
  return true;
}

bool WatermarkMerger::OnWatermark(std::size_t channel, EventTime watermark) {
  Channel& c = channels_[channel];
  c.idle = false;
  c.watermark = std::max(c.watermark, watermark);
  return Recompute();
}

bool WatermarkMerger::OnIdle(std::size_t channel) {
  channels_[channel].idle = true;
  return Recompute();
}

bool WatermarkMerger::OnEnd(std::size_t channel) {
  if (!channels_[channel].ended) ++ended_;
  channels_[channel].ended = true;
  return Recompute();
}

bool WatermarkMerger::all_idle() const {
  bool any = false;
  for (const Channel& c : channels_) {
    if (c.ended) continue;
    if (!c.idle) return false;
    any = true;
  }
  return any;
}

}  // namespace millrace
