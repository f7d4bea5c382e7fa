#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace millrace {

/// When a job takes checkpoints, where they lie, and what it goes on from: the checkpoint keys, and the restore option.
/// (Flink: CheckpointConfig)
struct CheckpointSettings {
  static constexpr std::int64_t kSecond = 1000000000;

  std::int64_t interval_nanos = 0;  // from begin to begin; 0: the job takes none
  std::string dir;                  // "SCHEME://PATH", or a path of this machine
  std::string local_copy;           // the same: a folder for second copies; empty: none are made
  std::int64_t pause_nanos = 0;     // at least, from the end of one to the begin of the next
  std::int64_t timeout_nanos = 600 * kSecond;
  std::int64_t tolerable_failures = 0;        // in a row
  std::size_t retain = 3;                     // of the newest complete ones
  std::int64_t scrub_nanos = 3600 * kSecond;  // retained ones are read again so often; 0: never
  std::size_t history = 10;                   // reports of the newest ones that --metrics has
  std::size_t max_concurrent = 1;             // under way at once: 1 or 2
  /// Aligned and unaligned are exactly-once. At least once, channels are read on behind their barrier while others wait
  /// for theirs: what comes from there is in the snapshot, and comes again after a failure.
  enum class Mode { kAligned, kUnaligned, kAtLeastOnce };
  Mode mode = Mode::kAligned;
  /// Unaligned: a barrier overtakes the records before it when it has waited for so long.
  std::int64_t alignment_timeout_nanos = 0;
  bool compressed = false;  // the snapshots' blocks, with zstd
  /// A task's snapshot of fewer bytes shares a file with others; 0: none does.
  std::int64_t pack_below = 16 << 10;
  std::string restore;  // a manifest, or a folder: its newest checkpoint; empty: start anew
  bool allow_dropped_state = false;  // of operators that the job no longer has
};

/// Whether and when a job with checkpoints is started again after a failure: `restart-strategy.*`.
struct RestartSettings {
  static constexpr std::int64_t kSecond = 1000000000;
  enum class Kind { kDefault, kNone, kFixedDelay, kFailureRate, kExponentialDelay };

  Kind kind = Kind::kDefault;
  struct {
    std::int64_t attempts = 1;
    std::int64_t delay_nanos = kSecond;
  } fixed;
  struct {
    std::int64_t max_failures = 1;  // within an interval
    std::int64_t interval_nanos = 60 * kSecond;
    std::int64_t delay_nanos = kSecond;
  } rate;
  struct {
    std::int64_t initial_nanos = kSecond / 20;
    std::int64_t max_nanos = 60 * kSecond;
    double multiplier = 2;
    double jitter = 0.1;  // of the backoff, more or less
    std::int64_t reset_nanos =
        3600 * kSecond;                 // without a failure: begin with the initial one again
    std::int64_t attempts = INT64_MAX;  // before such a reset
  } exponential;
};

}  // namespace millrace
