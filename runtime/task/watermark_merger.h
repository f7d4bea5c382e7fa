#pragma once

#include <cstddef>
#include <vector>

#include "millrace/base/time.h"

namespace millrace {

/// The watermark of an operator with several input channels: the minimum over those that are neither idle nor
/// ended; it never goes back, and goes to the end of time (the last watermark of a channel that ends) only when no other
/// channel is idle: that one may come back. Pure; tests/runtime/watermark_merger_test.cc has the table.
/// (Flink: StatusWatermarkValve)
class WatermarkMerger {
 public:
  explicit WatermarkMerger(std::size_t channels) : channels_(channels) {}

  /// Each returns true when `watermark()` has risen.
  bool OnWatermark(std::size_t channel, EventTime watermark);
  /// The channel is out of the minimum until its next watermark or record.
  bool OnIdle(std::size_t channel);
  bool OnEnd(std::size_t channel);
  /// A record came: the channel counts again, from its last watermark on.
  void OnRecord(std::size_t channel) {
    if (channels_[channel].idle) channels_[channel].idle = false;
  }

  EventTime watermark() const { return watermark_; }
  bool all_ended() const { return ended_ == channels_.size(); }
  /// Every channel that has not ended is idle (and there is one).
  bool all_idle() const;

 private:
  struct Channel {
    EventTime watermark = EventTime::Min();
    bool idle = false;
    bool ended = false;
  };
  bool Recompute();

  std::vector<Channel> channels_;
  std::size_t ended_ = 0;
  EventTime watermark_ = EventTime::Min();
};

}  // namespace millrace
