#include "src/state/block_regions.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "src/io/huge_pages.h"

namespace millrace {

/// At its begin, whose address is a multiple of RegionBytes; every block begins within so many bytes.
struct BlockRegions::Region {
  BlockRegions* owner;
  std::size_t bytes;
  std::size_t live = 1;   // bytes of blocks, and 1 while it is open
  std::size_t holes = 0;  // bytes of blocks that have gone, with their pages there
  bool used = false;      // before: it is not all zero
};

namespace {

constexpr std::size_t kHeadBytes = 64;

}  // namespace

BlockRegions::~BlockRegions() {
  if (open_ != nullptr) Leave(open_, 1);
  while (free_count_ > 0) Unmap(free_[--free_count_]);
}

BlockRegions::Region* BlockRegions::Map(std::size_t bytes) {
  char* const begin =
      pages_ == Pages::kHuge ? MapHugePages(bytes, region_bytes_) : MapPages(bytes, region_bytes_);
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
  if (needed > region_bytes_) return Map(needed);
  if (free_count_ == 0) return Map(region_bytes_);
  Region* const region = free_[--free_count_];
  region->live = 1;
  region->used = true;
  return region;
}

void BlockRegions::Leave(Region* region, std::size_t bytes) {
  region->live -= bytes;
  if (region->live > 0) return;
  BlockRegions& owner = *region->owner;
  owner.holes_ -= region->holes;
  region->holes = 0;
  if (region->bytes == owner.region_bytes_ && owner.free_count_ < kMostFree) {
    owner.free_[owner.free_count_++] = region;
  } else {
    owner.Unmap(region);
  }
}

void* BlockRegions::Take(std::size_t bytes, std::size_t zeroed) {
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
  live_ += bytes;
  if (open_->used) std::memset(block, 0, zeroed);
  if (pages_ == Pages::kSmall) PopulatePages(block, bytes);
  return block;
}

void BlockRegions::Give(void* block, std::size_t bytes) {
  const Pages pages = PagesFor(bytes);
  char* const begin = static_cast<char*>(block);
  auto* const region = reinterpret_cast<Region*>(begin - reinterpret_cast<std::uintptr_t>(begin) %
                                                             RegionBytes(pages));
  BlockRegions& owner = *region->owner;
  owner.live_ -= bytes;
  if (pages == Pages::kSmall && owner.holes_ + bytes > owner.live_ / 8 + kFewHoles) {
    DropPages(begin, bytes);
  } else {
    owner.holes_ += bytes;
    region->holes += bytes;
  }
  Leave(region, bytes);
}

}  // namespace millrace
