#pragma once

#include <cstddef>

namespace millrace {

/// Memory for a table's large blocks: cut one behind the other from regions that the kernel may back with huge pages, so that
/// rows all over a large state cost fewer page faults and fewer misses of the TLB. A region is used again when its last block
/// has gone; sub-tables grow in about the order in which they grew before, so that few regions stand half empty.
class BlockRegions {
 public:
  /// Of smaller blocks a huge page would hold many, and one fault would cost as much as all of them.
  static constexpr std::size_t kLeastBytes = 1 << 20;

  BlockRegions() = default;
  ~BlockRegions();
  BlockRegions(const BlockRegions&) = delete;
  BlockRegions& operator=(const BlockRegions&) = delete;

  /// At a multiple of 64, all zero; null when there is no memory. `bytes` is a multiple of 64.
  void* Take(std::size_t bytes);
  /// `bytes` as it was taken.
  static void Give(void* block, std::size_t bytes);
  /// Of all regions, those that wait to be used again included.
  std::size_t mapped_bytes() const { return mapped_; }

 private:
  static constexpr std::size_t kRegionBytes = 16 << 20;
  struct Region;

  static constexpr std::size_t kMostFree = 2;

  Region* Map(std::size_t bytes);
  Region* Open(std::size_t bytes);
  static void Leave(Region* region, std::size_t bytes);
  void Unmap(Region* region);

  Region* open_ = nullptr;  // blocks are cut from it
  char* at_ = nullptr;
  Region* free_[kMostFree] = {};
  std::size_t free_count_ = 0;
  std::size_t mapped_ = 0;
};

}  // namespace millrace
