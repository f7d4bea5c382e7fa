#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include "millrace/base/prefetch.h"

namespace millrace {

/// Memory for the values with texts that the state of one task holds: many blocks of a few sizes, that come and go with every
/// record. They are cut from large chunks, one behind the other, and a block that was given back serves the next value of its
/// size. The allocator's own blocks cost more where a key's value is far from the caches: it writes into a block's neighbours,
/// and grows a thread's heap by a page at a time.
///
/// Belongs to the task's thread; outlives the task's state. Chunks are kept until the end.
class TextPool {
 public:
  static constexpr std::uint32_t kStep = 16;    // sizes are multiples of it
  static constexpr std::uint32_t kMost = 1024;  // larger blocks are the allocator's

  TextPool() = default;
  ~TextPool();
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;

  /// The state goes, all of it: from here on what is given back is not looked at.
  void Abandon() { abandoned_ = true; }
  /// Blocks that nobody gives back go with the pool: it was abandoned, and has given no large ones.
  bool TakesAllWithIt() const { return abandoned_ && large_ == 0; }
  /// The running thread's; null: there is none.
  static TextPool* Current();
  std::uint64_t allocated_bytes() const { return chunk_count_ * std::uint64_t{kChunkBytes}; }
  /// Of all blocks that are out, large ones too: what the state's texts hold.
  std::uint64_t used_bytes() const { return used_; }

  /// Makes a pool that of the running thread while it lives; texts made without one come from the allocator.
  class Scope {
   public:
    explicit Scope(TextPool& pool);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    TextPool* previous_;
  };

 private:
  friend class TextBlock;
  static constexpr std::size_t kBlockHead = sizeof(std::uint64_t);
  static constexpr std::size_t kChunkBytes = 256 * 1024;
  // Chunks of a pool that has many come as areas, of which an aligned one costs less address space. No huge pages: the kernel
  // gives a process small ones that were in use a moment ago, and of large ones those that the host has to find first
  // (docs/performance.md).
  static constexpr std::size_t kAreaBytes = 2 << 20;
  static constexpr std::uint64_t kManyChunks = 32;
  struct Chunk {  // at the start of each chunk, whose address is a multiple of its size
    TextPool* owner;
    Chunk* next;     // older
    bool allocated;  // and what is freed begins with it
  };
  static constexpr std::size_t kChunkHead = 64;
  static_assert(sizeof(Chunk) <= kChunkHead);
  struct Free {
    Free* next;
  };

  char* Take(std::uint32_t bytes) {
    Free*& first = free_[bytes / kStep];
    if (first != nullptr) {
      used_ += bytes;
      char* block = reinterpret_cast<char*>(first);
      first = first->next;
      // The one that the next value of this size will be written into has perhaps left the near caches.
      const char* const coming = reinterpret_cast<const char*>(first);
      for (std::uint32_t at = 0; first != nullptr && at < bytes; at += 64)
        PrefetchToWrite(coming + at);
      return block;
    }
    if (bytes > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      NewChunk();
    used_ += bytes;
    char* block = at_;
    at_ += bytes;
    return block;
  }
  /// A block, which begins with its bytes in all.
  static void Give(char* block) {
    const auto at = reinterpret_cast<std::uintptr_t>(block) & ~(kChunkBytes - 1);
    TextPool& pool = *reinterpret_cast<Chunk*>(at)->owner;
    if (pool.abandoned_) return;  // the block has perhaps left the caches long ago
    const std::uint64_t bytes = *reinterpret_cast<const std::uint64_t*>(block);
    pool.used_ -= bytes;
    Free*& first = pool.free_[bytes / kStep];
    first = new (block) Free{first};
  }
  void NewChunk();

  Free* free_[kMost / kStep + 1] = {};
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::uint64_t used_ = 0;
  std::uint64_t large_ = 0;  // blocks of the allocator that are out
  bool abandoned_ = false;
  Chunk* chunks_ = nullptr;
  std::uint64_t chunk_count_ = 0;
  char* area_ = nullptr;  // chunks of the newest area that are still to be used
  char* area_end_ = nullptr;
};

namespace internal {
extern thread_local TextPool* current_texts;
}  // namespace internal

/// A block of bytes for a value and its texts: from the thread's pool, or from the allocator. One word; the block begins with its
/// capacity.
class TextBlock {
 public:
  static constexpr std::size_t kAlign = 8;  // of data()
  static constexpr std::size_t kHead = TextPool::kBlockHead;

  TextBlock() = default;
  TextBlock(TextBlock&& o) noexcept : word_(o.word_) { o.word_ = 0; }
  TextBlock& operator=(TextBlock&& o) noexcept {
    std::swap(word_, o.word_);
    return *this;
  }
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;
  ~TextBlock() {
    if (word_ == 0) return;
    if ((word_ & kLarge) != 0) [[unlikely]] {
      FreeLarge();
    } else {
      TextPool::Give(begin());
    }
  }
  /// Room for at least so many bytes. Throws std::bad_alloc.
  static TextBlock Of(std::size_t bytes) {
    constexpr std::size_t kStep = TextPool::kStep;
    const std::size_t rounded = (bytes + kHead + kStep - 1) / kStep * kStep;
    TextPool* const pool = internal::current_texts;
    if (!kPools || pool == nullptr || rounded > TextPool::kMost) [[unlikely]]
      return Large(rounded);
    return TextBlock(pool->Take(static_cast<std::uint32_t>(rounded)), rounded, 0);
  }

  explicit operator bool() const { return word_ != 0; }
  /// Of a block that is there.
  char* data() const { return begin() + kHead; }
  std::size_t capacity() const { return *reinterpret_cast<const std::uint64_t*>(begin()) - kHead; }

 private:
  static constexpr std::uintptr_t kLarge = 1;
  // The sanitizer sees the use of a value that has gone only in blocks of the allocator.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kPools = false;
#elif defined(__has_feature)
  static constexpr bool kPools = !__has_feature(address_sanitizer);
#else
  static constexpr bool kPools = true;
#endif

  TextBlock(char* at, std::size_t bytes, std::uintptr_t mark)
      : word_(reinterpret_cast<std::uintptr_t>(at) | mark) {
    new (at) std::uint64_t(bytes);
  }
  char* begin() const { return reinterpret_cast<char*>(word_ & ~kLarge); }
  static TextBlock Large(std::size_t rounded);
  void FreeLarge();

  std::uintptr_t word_ =
      0;  // where the block stands, marked if it is the allocator's; 0: there is none
};

inline TextPool* TextPool::Current() {
  return internal::current_texts;
}
inline TextPool::Scope::Scope(TextPool& pool) : previous_(internal::current_texts) {
  internal::current_texts = &pool;
}
inline TextPool::Scope::~Scope() {
  internal::current_texts = previous_;
}

}  // namespace millrace
