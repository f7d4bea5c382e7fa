#include "src/state/block_regions.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "src/io/pages.h"

namespace millrace {
namespace {

constexpr std::size_t kPage = 4096;

// Of huge pages a few. Two wait to be used again: of small ones they are small.
constexpr std::size_t RegionBytes(BlockRegions::Pages pages) {
  return pages == BlockRegions::Pages::kHuge ? 16 << 20 : 4 << 20;
}

std::size_t PagesOf(std::size_t bytes) {
  return (bytes + kPage - 1) / kPage;
}

}  // namespace

/// Memory in which a bit for each page says whether a block has it.
class BlockRegions::Region {
 public:
  Region(char* begin, std::size_t pages)
      : begin_(begin), pages_(pages), longest_(pages), taken_((pages + 63) / 64) {}
  ~Region() { munmap(begin_, bytes()); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  char* begin() const { return begin_; }
  std::size_t bytes() const { return pages_ * kPage; }
  bool empty() const { return live_ == 0; }
  bool Has(const char* at) const { return at >= begin_ && at < begin_ + bytes(); }

  /// Finds the next hole of `count` pages behind the block taken last: false when there is none.
  bool FindHole(std::size_t count) { return count <= longest_ && FindHole(hole_, count); }
  /// Or else the first one.
  bool FindAnyHole(std::size_t count) {
    if (count > longest_) return false;
    if (FindHole(hole_, count) || FindHole(0, count)) return true;
    longest_ = count - 1;
    return false;
  }
  /// The hole that was found.
  char* hole() const { return begin_ + hole_ * kPage; }
  /// From here on nobody has ever written.
  char* fresh() const { return begin_ + fresh_ * kPage; }

  void TakeHole(std::size_t count) {
    Mark(hole_, count, true);
    live_ += count;
    hole_ += count;
    fresh_ = std::max(fresh_, hole_);
  }
  void Give(const char* block, std::size_t count) {
    Mark(static_cast<std::size_t>(block - begin_) / kPage, count, false);
    live_ -= count;
    longest_ = pages_;
    if (live_ == 0) hole_ = 0;
  }

 private:
  bool FindHole(std::size_t from, std::size_t count) {
    for (std::size_t at = Next(from, false); at < pages_;) {
      const std::size_t end = Next(at, true);
      if (end - at >= count) {
        hole_ = at;
        return true;
      }
      at = Next(end, false);
    }
    return false;
  }
  /// The first page from `at` on that is taken, or that is not; `pages_` when there is none.
  std::size_t Next(std::size_t at, bool taken) const {
    while (at < pages_) {
      const std::uint64_t bits = (taken ? taken_[at / 64] : ~taken_[at / 64]) >> at % 64;
      if (bits != 0) return std::min(pages_, at + static_cast<std::size_t>(std::countr_zero(bits)));
      at = (at / 64 + 1) * 64;
    }
    return pages_;
  }
  void Mark(std::size_t at, std::size_t count, bool taken) {
    for (const std::size_t end = at + count; at < end;) {
      const std::size_t n = std::min(end - at, 64 - at % 64);
      const std::uint64_t bits = ~std::uint64_t{0} >> (64 - n) << at % 64;
      taken_[at / 64] = taken ? taken_[at / 64] | bits : taken_[at / 64] & ~bits;
      at += n;
    }
  }

  char* const begin_;
  const std::size_t pages_;
  std::size_t live_ = 0;  // pages
  std::size_t hole_ = 0, fresh_ = 0;
  std::size_t longest_;  // no hole is longer
  std::vector<std::uint64_t> taken_;
};

BlockRegions::BlockRegions(Pages pages) : pages_(pages) {}
BlockRegions::~BlockRegions() = default;

bool BlockRegions::Open(std::size_t pages) {
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const std::size_t at = (at_ + i) % regions_.size();
    Region& region = *regions_[at];
    const bool one_age = pages_ == Pages::kHuge;
    if (one_age && i > 0 && !region.empty()) continue;
    if (!(one_age ? region.FindHole(pages) : region.FindAnyHole(pages))) continue;
    at_ = at;
    return true;
  }
  const std::size_t needed = (pages * kPage + kHugePage - 1) / kHugePage * kHugePage;
  const std::size_t bytes = std::max(RegionBytes(pages_), needed);
  char* const begin =
      pages_ == Pages::kHuge ? MapHugePages(bytes, kHugePage) : MapPages(bytes, kHugePage);
  if (begin == nullptr) return false;
  mapped_ += bytes;
  ++free_;
  at_ = regions_.size();
  regions_.push_back(std::make_unique<Region>(begin, bytes / kPage));
  return regions_.back()->FindHole(pages);
}

void* BlockRegions::Take(std::size_t bytes, std::size_t zeroed) {
  const std::size_t pages = PagesOf(bytes);
  if (!Open(pages)) return nullptr;
  Region& region = *regions_[at_];
  char* const block = region.hole();
  const auto used =
      static_cast<std::size_t>(std::clamp(region.fresh(), block, block + pages * kPage) - block);
  std::memset(block, 0, std::min(zeroed, used));
  if (pages_ == Pages::kSmall) PopulatePages(block + used, pages * kPage - used);
  free_ -= region.empty() ? 1 : 0;
  region.TakeHole(pages);
  return block;
}

void BlockRegions::Give(void* block, std::size_t bytes) {
  const auto* const at = static_cast<const char*>(block);
  const auto found = std::find_if(regions_.begin(), regions_.end(),
                                  [at](const auto& region) { return region->Has(at); });
  Region& region = **found;
  region.Give(at, PagesOf(bytes));
  if (!region.empty()) return;
  if (free_ < kMostFree && region.bytes() == RegionBytes(pages_)) {
    ++free_;
    return;
  }
  mapped_ -= region.bytes();
  if (static_cast<std::size_t>(found - regions_.begin()) < at_) --at_;
  regions_.erase(found);
}

}  // namespace millrace
