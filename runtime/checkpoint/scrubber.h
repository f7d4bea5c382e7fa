#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "millrace/storage/file_system.h"

namespace millrace {

/// Reads all retained checkpoints of a folder again, every so often and on a thread of its own, so that a damaged one is known of
/// before it is needed. Harms nothing; says in the log which checkpoint is damaged, once.
class Scrubber {
 public:
  /// `files` outlives it.
  Scrubber(FileSystem* files, std::string folder, std::int64_t interval_nanos);
  /// Waits until the block at hand is read.
  ~Scrubber();
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  /// Looks that have come to their end.
  std::uint64_t rounds() const;
  /// The ids of checkpoints that were found damaged.
  std::set<std::int64_t> damaged() const;

 private:
  void Run();
  void Look();
  bool stopped() const;

  FileSystem* files_;
  const std::string folder_;
  const std::int64_t interval_nanos_;
  mutable std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool stopped_ = false;            // guarded by the mutex
  std::uint64_t rounds_ = 0;        // guarded by the mutex
  std::set<std::int64_t> damaged_;  // guarded by the mutex
  std::thread thread_;
};

}  // namespace millrace
