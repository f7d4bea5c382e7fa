#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// When a part file is full and the next record begins another one. With checkpoints each of them ends all open files, whatever
/// this says. (Flink: DefaultRollingPolicy and OnCheckpointRollingPolicy in one)
struct RollingPolicy {
  static constexpr std::int64_t kNever = INT64_MAX;

  std::int64_t bytes = kNever;            // of the file; the record that reaches it is its last
  std::int64_t after_millis = kNever;     // since it was opened
  std::int64_t inactive_millis = kNever;  // since the last record

  bool looks_at_time() const { return after_millis != kNever || inactive_millis != kNever; }
  bool Due(std::int64_t file_bytes) const { return file_bytes >= bytes; }
  /// Of a file that was opened and last written at these readings of a clock, in milliseconds.
  bool Due(std::int64_t opened, std::int64_t written, std::int64_t now) const {
    return now - opened >= after_millis || now - written >= inactive_millis;
  }
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const;
};

}  // namespace millrace
