#include "src/state/block_regions.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "src/io/huge_pages.h"

namespace millrace {

/// At its begin, whose address is a multiple of kRegionBytes; every block begins within so many bytes.
struct BlockRegions::Region {
  BlockRegions* owner;
  std::size_t bytes;
  std::size_t live = 1;  // bytes of blocks, and 1 while it is open
  bool used = false;     // before: it is not all zero
};

namespace {

constexpr std::size_t kHeadBytes = 64;

}  // namespace

BlockRegions::~BlockRegions() {
  if (open_ != nullptr) Leave(open_, 1);
  while (free_count_ > 0) Unmap(free_[--free_count_]);
}

BlockRegions::Region* BlockRegions::Map(std::size_t bytes) {
  char* const begin = MapHugePages(bytes, kRegionBytes);
  if (begin == nullptr) return nullptr;
  mapped_ += bytes;
  return new (begin) Region{this, bytes};
}

void BlockRegions::Unmap(Region* region) {
  mapped_ -= region->bytes;
  munmap(region, region->bytes);
}

BlockRegions::Region* BlockRegions::Open(std::size_t bytes) {
  const std::size_t needed = (kHeadBytes + bytes + kHugePage - 1) / kHugePage * kHugePage;
  if (needed > kRegionBytes) return Map(needed);
  if (free_count_ == 0) return Map(kRegionBytes);
  Region* const region = free_[--free_count_];
  region->live = 1;
  region->used = true;
  return region;
}

void BlockRegions::Leave(Region* region, std::size_t bytes) {
  region->live -= bytes;
  if (region->live > 0) return;
  BlockRegions& owner = *region->owner;
  if (region->bytes == kRegionBytes && owner.free_count_ < kMostFree) {
    owner.free_[owner.free_count_++] = region;
  } else {
    owner.Unmap(region);
  }
}

void* BlockRegions::Take(std::size_t bytes) {
  if (open_ != nullptr && at_ + bytes > reinterpret_cast<char*>(open_) + open_->bytes) {
    Leave(open_, 1);
    open_ = nullptr;
  }
  if (open_ == nullptr) {
    open_ = Open(bytes);
    if (open_ == nullptr) return nullptr;
    at_ = reinterpret_cast<char*>(open_) + kHeadBytes;
  }
  char* const block = at_;
  at_ += bytes;
  open_->live += bytes;
  if (open_->used) std::memset(block, 0, bytes);
  return block;
}

void BlockRegions::Give(void* block, std::size_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(block) / kRegionBytes * kRegionBytes;
  Leave(reinterpret_cast<Region*>(at), bytes);
}

}  // namespace millrace
