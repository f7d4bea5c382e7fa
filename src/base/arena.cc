#include "millrace/base/arena.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "millrace/base/check.h"
#include "src/base/sanitizers.h"

#if MILLRACE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace millrace {
namespace {

constexpr std::size_t kMaxFree = 64;

// A recycled chunk is poisoned in checking builds: a String kept too long shows at once.
void Poison(char* p, std::size_t n) {
#if MILLRACE_ASAN
  __asan_poison_memory_region(p, n);
#elif !defined(__OPTIMIZE__) || defined(MILLRACE_POISON_ARENAS)
  std::memset(p, 0xDB, n);
#else
  (void)p;
  (void)n;
#endif
}
void Unpoison([[maybe_unused]] char* p, [[maybe_unused]] std::size_t n) {
#if MILLRACE_ASAN
  __asan_unpoison_memory_region(p, n);
#endif
}

}  // namespace

namespace internal {

thread_local Arena* current_arena = nullptr;

Arena& ThreadArena() {
  static thread_local Arena arena;
  return arena;
}

}  // namespace internal

Arena::~Arena() {
  for (const Chunk& c : chunks_) std::free(c.data);
  for (const Chunk& c : free_) {
    Unpoison(c.data, c.size);
    std::free(c.data);
  }
}

void Arena::NewChunk(std::size_t n) {
  Chunk chunk{};
  if (n <= kChunkBytes && !free_.empty()) {
    chunk = free_.back();
    free_.pop_back();
    Unpoison(chunk.data, chunk.size);
  } else {
    chunk.size = n <= kChunkBytes ? kChunkBytes : n;
    chunk.data = static_cast<char*>(std::malloc(chunk.size));
    if (chunk.data == nullptr) throw std::bad_alloc();
    bytes_ += chunk.size;
  }
  chunk.sequence = next_sequence_++;
  chunk.pins = 0;
  chunks_.push_back(chunk);
  begin_ = at_ = chunk.data;
  end_ = chunk.data + chunk.size;
}

std::uint64_t Arena::Pin() {
  if (chunks_.empty()) NewChunk(0);
  ++chunks_.back().pins;
  return chunks_.back().sequence;
}

void Arena::Unpin(std::uint64_t pin) {
  MILLRACE_CHECK(!chunks_.empty() && pin >= chunks_.front().sequence,
                 "unpinned an arena chunk twice");
  Chunk& chunk = chunks_[pin - chunks_.front().sequence];
  MILLRACE_CHECK(chunk.pins > 0, "unpinned an arena chunk twice");
  --chunk.pins;
}

void Arena::Retire(const Chunk& chunk) {
  if (chunk.size == kChunkBytes && free_.size() < kMaxFree) {
    Poison(chunk.data, chunk.size);
    free_.push_back(chunk);
    return;
  }
  bytes_ -= chunk.size;
  std::free(chunk.data);
}

void Arena::Recycle() {
  while (chunks_.size() > 1 && chunks_.front().pins == 0) {
    Retire(chunks_.front());
    chunks_.pop_front();
  }
  if (chunks_.size() == 1 && chunks_.front().pins == 0) {
#if defined(MILLRACE_ASAN) || !defined(__OPTIMIZE__)
    // Never reuse at once what was just in use, so that a dangling view meets poison.
    Retire(chunks_.front());
    chunks_.pop_front();
    begin_ = at_ = end_ = nullptr;
#else
    at_ = begin_;
#endif
  }
}

}  // namespace millrace
