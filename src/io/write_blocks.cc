#include "src/io/write_blocks.h"

#include <sys/mman.h>

#include <cstdint>

#include "src/base/sanitizers.h"

#if MILLRACE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace millrace {
namespace {

// A block that nobody has is nobody's to write.
void Allow([[maybe_unused]] char* block, [[maybe_unused]] bool use) {
#if MILLRACE_ASAN
  if (use) {
    ASAN_UNPOISON_MEMORY_REGION(block, WriteBlocks::kBlockBytes);
  } else {
    ASAN_POISON_MEMORY_REGION(block, WriteBlocks::kBlockBytes);
  }
#endif
}

}  // namespace

WriteBlocks& WriteBlocks::Process() {
  static auto* const blocks = new WriteBlocks();  // threads may give back until the process ends
  return *blocks;
}

WriteBlocks::WriteBlocks()
    : mapped_(mmap(nullptr, kBytes + kHugePage, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (mapped_ == MAP_FAILED) return;
  const auto at = reinterpret_cast<std::uintptr_t>(mapped_);
  begin_ = static_cast<char*>(mapped_) + (kHugePage - at % kHugePage) % kHugePage;
  madvise(begin_, kBytes, MADV_HUGEPAGE);  // advice: without it all is well, and slower
  free_.reserve(kBlocks);
}

WriteBlocks::~WriteBlocks() {
  for (char* block : free_) Allow(block, true);
  if (mapped_ != MAP_FAILED) munmap(mapped_, kBytes + kHugePage);
}

void WriteBlocks::Grow() {
  {
    const std::lock_guard lock(mutex_);
    if (!wanting_ || growing_ || begin_ == nullptr || bytes_ == kBytes) return;
    growing_ = true;
  }
  madvise(begin_ + bytes_, kHugePage, MADV_POPULATE_WRITE);  // before Linux 5.14: nothing
  const std::lock_guard lock(mutex_);
  wanting_ = growing_ = false;
  bytes_ += kHugePage;
  for (; (blocks_ + 1) * kBlockBytes <= bytes_; ++blocks_) {
    free_.push_back(begin_ + blocks_ * kBlockBytes);
    Allow(free_.back(), false);
  }
}

char* WriteBlocks::Take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    wanting_ = true;
    return nullptr;
  }
  char* const block = free_.back();
  free_.pop_back();
  Allow(block, true);
  return block;
}

void WriteBlocks::Give(char* block) {
  Allow(block, false);
  const std::lock_guard lock(mutex_);
  free_.push_back(block);
}

}  // namespace millrace
