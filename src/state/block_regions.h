#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace millrace {

/// Memory for a table's blocks, in regions of their own, which go back to the system when they are without blocks. In the
/// heap what grown sub-tables have left would stay, under some small piece that lives on. Small sub-tables of a size grow in
/// any order: a block takes the next hole that is large enough. Large ones grow in about the order in which they grew before:
/// blocks of one age stand side by side and go together, and no hole is used before its region is empty.
class BlockRegions {
 public:
  enum class Pages {
    kSmall,
    kHuge,  // best: rows all over a large state cost fewer page faults and fewer misses of the TLB
  };
  /// Smaller blocks are for the heap.
  static constexpr std::size_t kLeastBytes = 16 << 10;
  /// Of blocks under 1 MiB a huge page would hold many, and one fault would cost as much as all of them.
  static constexpr Pages PagesFor(std::size_t bytes) {
    return bytes < std::size_t{1} << 20 ? Pages::kSmall : Pages::kHuge;
  }

  explicit BlockRegions(Pages pages);
  ~BlockRegions();
  BlockRegions(const BlockRegions&) = delete;
  BlockRegions& operator=(const BlockRegions&) = delete;

  /// At the begin of a page, the first `zeroed` bytes zero; null when there is no memory.
  void* Take(std::size_t bytes, std::size_t zeroed);
  /// `bytes` as it was taken.
  void Give(void* block, std::size_t bytes);
  /// Of all regions, those that wait to be used again included.
  std::size_t mapped_bytes() const { return mapped_; }

 private:
  class Region;

  static constexpr std::size_t kMostFree = 2;

  /// Makes the next region that has a hole of `pages` the one at hand, with that hole; false when there is no memory.
  bool Open(std::size_t pages);

  const Pages pages_;
  std::vector<std::unique_ptr<Region>> regions_;
  std::size_t at_ = 0;    // the region at hand
  std::size_t free_ = 0;  // regions without blocks
  std::size_t mapped_ = 0;
};

}  // namespace millrace
