#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

/// What the checkpoint coordinator tells a task. Checkpoint ids rise one by one, so that the newest of each says all; a task
/// looks once per step. Written by the coordinator's thread, which wakes the task's slot then.
struct CheckpointMail {
  /// What it says at some moment; how it goes to another process.
  struct Numbers {
    std::int64_t triggered = 0, aborted = 0, complete = 0, lost = 0, last = 0;
  };
  Numbers Load() const {
    Numbers n;
    n.triggered = triggered.load(std::memory_order_acquire);
    n.aborted = aborted.load(std::memory_order_acquire);
    n.complete = complete.load(std::memory_order_acquire);
    n.lost = lost.load(std::memory_order_acquire);
    n.last = last.load(std::memory_order_acquire);
    return n;
  }
  /// What was said before a checkpoint was triggered is there before the task hears of it.
  void Store(const Numbers& n) {
    last.store(n.last, std::memory_order_release);
    lost.store(n.lost, std::memory_order_release);
    complete.store(n.complete, std::memory_order_release);
    aborted.store(n.aborted, std::memory_order_release);
    triggered.store(n.triggered, std::memory_order_release);
  }

  std::atomic<std::int64_t> triggered{0};
  std::atomic<std::int64_t> aborted{0};
  std::atomic<std::int64_t> complete{0};
  /// The task's file for this checkpoint was not written: what its tables think is saved is not.
  std::atomic<std::int64_t> lost{0};
  /// All tasks have come to their end: this checkpoint commits what is left, then they close. 0: not known yet.
  std::atomic<std::int64_t> last{0};
};

}  // namespace millrace
