#pragma once

#include <cstddef>

namespace millrace {

/// Memory for a table's blocks: cut one behind the other from regions. A region is used again, or given back, when its last
/// block has gone; sub-tables grow in about the order in which they grew before, so that few regions stand half empty. In
/// the heap what they have outgrown would stay, under some small piece that lives on.
class BlockRegions {
 public:
  enum class Pages {
    kSmall,  // of blocks that have gone they go back when many are there
    kHuge,   // best: rows all over a large state cost fewer page faults and fewer misses of the TLB
  };
  /// Smaller blocks are for the heap.
  static constexpr std::size_t kLeastBytes = 16 << 10;
  /// Of blocks under 1 MiB a huge page would hold many, and one fault would cost as much as all of them.
  static constexpr Pages PagesFor(std::size_t bytes) {
    return bytes < std::size_t{1} << 20 ? Pages::kSmall : Pages::kHuge;
  }

  explicit BlockRegions(Pages pages) : pages_(pages), region_bytes_(RegionBytes(pages)) {}
  ~BlockRegions();
  BlockRegions(const BlockRegions&) = delete;
  BlockRegions& operator=(const BlockRegions&) = delete;

  /// At a multiple of 64, the first `zeroed` bytes zero; null when there is no memory. `bytes` is a multiple of 64, of a
  /// size for these pages.
  void* Take(std::size_t bytes, std::size_t zeroed);
  /// `bytes` as it was taken.
  static void Give(void* block, std::size_t bytes);
  /// Of all regions, those that wait to be used again included.
  std::size_t mapped_bytes() const { return mapped_; }

 private:
  struct Region;

  // Of huge pages a few; else few blocks, so that regions soon have none left.
  static constexpr std::size_t RegionBytes(Pages pages) {
    return pages == Pages::kHuge ? 16 << 20 : 2 << 20;
  }
  static constexpr std::size_t kMostFree = 2;
  static constexpr std::size_t kFewHoles = 8 << 20;  // bytes, and an eighth of what blocks have

  Region* Map(std::size_t bytes);
  Region* Open(std::size_t bytes);
  static void Leave(Region* region, std::size_t bytes);
  void Unmap(Region* region);

  const Pages pages_;
  const std::size_t region_bytes_;
  Region* open_ = nullptr;  // blocks are cut from it
  char* at_ = nullptr;
  Region* free_[kMostFree] = {};
  std::size_t free_count_ = 0;
  std::size_t mapped_ = 0;
  std::size_t live_ = 0;   // bytes of blocks
  std::size_t holes_ = 0;  // of all regions
};

}  // namespace millrace
