#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/// Brings the barriers of a task's input channels together: a channel that has delivered its barrier is not read from
/// until all have (aligned), so that the snapshot has exactly what came before the barriers. Pure.
/// (Flink: SingleCheckpointBarrierHandler)
///
/// Checkpoint ids rise. A barrier of a newer checkpoint gives up the one at hand (its coordinator has); one of an older
/// checkpoint is passed over. A channel that has ended has every barrier. Without blocking (at-least-once) several may be under
/// way: each is complete when every channel has delivered its barrier or a newer one.
class BarrierAligner {
 public:
  /// Without `blocking` every channel is read on: the snapshot may have records from behind a barrier, which come again
  /// after a failure (at-least-once).
  explicit BarrierAligner(std::size_t channels, bool blocking = true)
      : blocking_(blocking), channels_(channels) {}

  /// Each returns the checkpoint that is complete now: take the snapshot, pass the barrier on, ask Next. 0: none.
  std::int64_t OnBarrier(std::size_t channel, std::int64_t checkpoint);
  std::int64_t OnEnd(std::size_t channel);
  /// A further one that has become complete with it.
  std::int64_t Next() { return blocking_ ? 0 : CompleteOldest(); }
  /// The coordinator has given the checkpoint up, and every older one: its channels are read again.
  void OnAbort(std::int64_t checkpoint);

  /// The snapshot was taken before all barriers had come: those that follow say nothing new.
  void OnOvertaken(std::int64_t checkpoint) { OnAbort(checkpoint); }
  /// The channel has nothing more that belongs before this checkpoint's barrier: that was read, or the channel's end.
  bool Delivered(std::size_t channel, std::int64_t checkpoint) const {
    const Channel& c = channels_[channel];
    return c.ended || (c.has_barrier && pending_ == checkpoint);
  }

  /// Don't read from this channel now.
  bool blocked(std::size_t channel) const { return channels_[channel].blocked; }
  /// The checkpoint whose barriers are being waited for; 0: none.
  std::int64_t pending() const { return under_way_.empty() ? pending_ : under_way_.back(); }

 private:
  struct Channel {
    bool has_barrier = false;  // of the pending checkpoint
    std::int64_t newest = 0;   // without blocking: its newest barrier
    bool blocked = false;
    bool ended = false;
  };
  std::int64_t CompleteIfAll();
  std::int64_t CompleteOldest();
  void Reset();

  bool blocking_;
  std::vector<Channel> channels_;
  std::int64_t pending_ = 0;
  std::vector<std::int64_t> under_way_;  // without blocking, in their place; rising
  std::int64_t done_ = 0;                // the newest that is complete or given up
};

}  // namespace millrace
