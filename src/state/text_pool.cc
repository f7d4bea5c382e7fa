#include "millrace/state/text_pool.h"

#include "src/io/pages.h"

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
  }
  char* const chunk = area_;
  area_ += kChunkBytes;
  // All of its pages at once: a third cheaper than one fault each.
  if (chunk_count_ >= kManyChunks) PopulatePages(chunk, kChunkBytes);
  chunks_ = new (chunk) Chunk{this, chunks_, allocated};
  ++chunk_count_;
  at_ = chunk + kChunkHead;
  end_ = chunk + kChunkBytes;
}

namespace {

/// Before the head of a block that is no pool's own.
struct Origin {
  TextPool* counted_by;  // may be null
  void* padding;
};

}  // namespace

TextBlock TextBlock::Large(std::size_t rounded) {
  auto* const origin = static_cast<Origin*>(std::malloc(sizeof(Origin) + rounded));
  if (origin == nullptr) throw std::bad_alloc();
  origin->counted_by = internal::current_texts;
  if (origin->counted_by != nullptr) {
    origin->counted_by->used_ += rounded;
    ++origin->counted_by->large_;
  }
  return TextBlock(reinterpret_cast<char*>(origin + 1), rounded, kLarge);
}

void TextBlock::FreeLarge() {
  Origin* const origin = reinterpret_cast<Origin*>(begin()) - 1;
  if (origin->counted_by != nullptr) {
    origin->counted_by->used_ -= kHead + capacity();
    --origin->counted_by->large_;
  }
  std::free(origin);
}

}  // namespace millrace
