#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/storage/block_file.h"

namespace millrace {

/// Reads blocks of a file, in order, while those before are being worked on: another thread waits for the disk and looks at
/// checksums. Of few bytes it reads each when it is asked for: no thread is begun.
class BlockReadAhead {
 public:
  /// `file` outlives it.
  BlockReadAhead(const BlockSource* file, std::vector<BlockEntry> blocks);
  ~BlockReadAhead();
  BlockReadAhead(const BlockReadAhead&) = delete;
  BlockReadAhead& operator=(const BlockReadAhead&) = delete;

  /// The next block's content, valid until the next call. As many calls as there are blocks, none after an error.
  Status Next(const std::string** bytes);

 private:
  static constexpr std::size_t kSlots = 8;
  static constexpr std::uint64_t kManyBytes = std::uint64_t{4} << 20;
  struct Slot {
    Status status;
    std::string bytes;
  };
  void Run();

  const BlockSource* file_;
  std::vector<BlockEntry> blocks_;
  Slot slots_[kSlots];
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t read_ = 0;   // guarded by the mutex: blocks that are in their slots, or were
  std::size_t asked_ = 0;  // guarded by the mutex: calls of Next
  bool stopped_ = false;   // guarded by the mutex
  std::thread thread_;     // not joinable: there is none
};

}  // namespace millrace
