#include "millrace/state/text_pool.h"

#include <sys/mman.h>

#include <limits>

#include "millrace/base/check.h"
#include "src/base/sanitizers.h"

namespace millrace {
namespace internal {

thread_local TextPool* current_texts = nullptr;

}  // namespace internal

TextPool::~TextPool() {
  while (chunks_ != nullptr) {
    Chunk* const chunk = chunks_;
    chunks_ = chunk->next;
    if (chunk->allocated) std::free(chunk);  // the oldest of its area
  }
}

void TextPool::NewChunk() {
  const bool allocated = area_ == area_end_;
  if (allocated) {
    const std::size_t bytes = chunk_count_ < kManyChunks ? kChunkBytes : kAreaBytes;
    area_ = static_cast<char*>(std::aligned_alloc(bytes, bytes));
    if (area_ == nullptr) {
      area_end_ = nullptr;
      throw std::bad_alloc();
    }
    area_end_ = area_ + bytes;
    if (bytes == kAreaBytes) madvise(area_, bytes, MADV_HUGEPAGE);
  }
  char* const chunk = area_;
  area_ += kChunkBytes;
  chunks_ = new (chunk) Chunk{this, chunks_, allocated};
  ++chunk_count_;
  at_ = chunk + kStep;
  end_ = chunk + kChunkBytes;
}

TextBlock TextBlock::Of(std::size_t bytes) {
  constexpr std::size_t kStep = TextPool::kStep;
  const std::size_t rounded = (bytes + kStep - 1) / kStep * kStep;
  MILLRACE_CHECK(rounded <= std::numeric_limits<std::uint32_t>::max(), "a state's text over 4 GiB");
  TextBlock block;
  if (bytes == 0) return block;
  TextPool* pool = internal::current_texts;
  // The sanitizer sees the use of a text that has gone only in blocks of the allocator.
  block.pooled_ = !MILLRACE_ASAN && pool != nullptr && rounded <= TextPool::kMost;
  if (block.pooled_) {
    block.data_ = pool->Take(static_cast<std::uint32_t>(rounded));
  } else {
    block.data_ = static_cast<char*>(std::malloc(rounded));
    if (block.data_ == nullptr) throw std::bad_alloc();
  }
  block.capacity_ = static_cast<std::uint32_t>(rounded);
  return block;
}

}  // namespace millrace
