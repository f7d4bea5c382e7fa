#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace millrace {

/// Memory for what is on its way to a disk: blocks of one size, cut from huge pages, so that the kernel has few pages to hold for
/// a write and the disk gets few pieces. The block given back last is taken first: it is still in the caches. Of the process,
/// which keeps what was needed once, at most kBytes. Any thread.
class WriteBlocks {
 public:
  /// A snapshot's block, with room for its last row and for a phase.
  static constexpr std::size_t kBlockBytes = 144 * 1024;
  static constexpr std::size_t kBytes = 16U << 20, kBlocks = kBytes / kBlockBytes;

  static WriteBlocks& Process();

  WriteBlocks();
  ~WriteBlocks();
  WriteBlocks(const WriteBlocks&) = delete;
  WriteBlocks& operator=(const WriteBlocks&) = delete;

  /// Where Take found none since it was last called: has the kernel give the next huge page, and cuts it. That takes up to some
  /// milliseconds, so it is for threads that write: who takes blocks never touches memory that isn't there.
  void Grow();

  /// At the begin of a page, with kBlockBytes. Null: there is none just now.
  char* Take();
  void Give(char* block);

 private:
  enum class Growth : std::uint8_t { kNone, kWanted, kUnderWay };

  std::mutex mutex_;
  std::vector<char*> free_;
  char* const begin_;                   // of all there can be, kBytes; null: the system has none
  std::size_t bytes_ = 0, blocks_ = 0;  // from there: given by the kernel, cut
  Growth growth_ = Growth::kNone;
};

}  // namespace millrace
