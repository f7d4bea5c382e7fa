#include "src/io/write_blocks.h"

#include <sys/mman.h>

#include "src/base/sanitizers.h"
#include "src/io/pages.h"

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

WriteBlocks::WriteBlocks() : begin_(MapHugePages(kBytes)) {
  if (begin_ != nullptr) free_.reserve(kBlocks);
}

WriteBlocks::~WriteBlocks() {
  for (char* block : free_) Allow(block, true);
  if (begin_ != nullptr) munmap(begin_, kBytes);
}

void WriteBlocks::Grow() {
  {
    const std::lock_guard lock(mutex_);
    if (growth_ != Growth::kWanted || begin_ == nullptr || bytes_ == kBytes) return;
    growth_ = Growth::kUnderWay;
  }
  PopulatePages(begin_ + bytes_, kHugePage);
  const std::lock_guard lock(mutex_);
  growth_ = Growth::kNone;
  bytes_ += kHugePage;
  for (; (blocks_ + 1) * kBlockBytes <= bytes_; ++blocks_) {
    free_.push_back(begin_ + blocks_ * kBlockBytes);
    Allow(free_.back(), false);
  }
}

char* WriteBlocks::Take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    if (growth_ == Growth::kNone) growth_ = Growth::kWanted;
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
