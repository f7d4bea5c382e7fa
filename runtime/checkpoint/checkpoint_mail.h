#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

/// What the checkpoint coordinator tells a task. Checkpoint ids rise one by one, so that the newest of each says all; a task
/// looks once per step. Written by the coordinator's thread, which wakes the task's slot then.
struct CheckpointMail {
  std::atomic<std::int64_t> triggered{0};
  std::atomic<std::int64_t> aborted{0};
  std::atomic<std::int64_t> complete{0};
  /// The task's file for this checkpoint was not written: what its tables think is saved is not.
  std::atomic<std::int64_t> lost{0};
  /// All tasks have come to their end: this checkpoint commits what is left, then they close. 0: not known yet.
  std::atomic<std::int64_t> last{0};
};

}  // namespace millrace
