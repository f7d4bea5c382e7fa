#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace millrace {

/// Memory for the texts that the state of one task holds: many blocks of a few sizes, that come and go with every record. They
/// are cut from large chunks, one behind the other, and a block that was given back serves the next text of its size. The
/// allocator's own blocks cost more where a key's text is far from the caches: it writes into a block's neighbours, and grows a
/// thread's heap by a page at a time.
///
/// Belongs to the task's thread; outlives the task's state. Chunks are kept until the end.
class TextPool {
 public:
  static constexpr std::uint32_t kStep = 32;    // sizes are multiples of it
  static constexpr std::uint32_t kMost = 1024;  // larger texts are left to the allocator

  TextPool() = default;
  ~TextPool();
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;

  /// The state goes, all of it: from here on what is given back is not looked at.
  void Abandon() { abandoned_ = true; }
  std::uint64_t allocated_bytes() const { return chunk_count_ * std::uint64_t{kChunkBytes}; }

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
  static constexpr std::size_t kChunkBytes = 256 * 1024;
  // Chunks of a pool that has many come as areas: a huge page each, if the kernel likes.
  static constexpr std::size_t kAreaBytes = 2 << 20;
  static constexpr std::uint64_t kManyChunks = 32;
  struct Chunk {  // at the start of each chunk, whose address is a multiple of its size
    TextPool* owner;
    Chunk* next;     // older
    bool allocated;  // and what is freed begins with it
  };
  struct Free {
    Free* next;
  };

  char* Take(std::uint32_t bytes) {
    Free*& first = free_[bytes / kStep];
    if (first != nullptr) {
      char* block = reinterpret_cast<char*>(first);
      first = first->next;
      return block;
    }
    if (bytes > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      NewChunk();
    char* block = at_;
    at_ += bytes;
    return block;
  }
  static void Give(char* block, std::uint32_t bytes) {
    const auto at = reinterpret_cast<std::uintptr_t>(block) & ~(kChunkBytes - 1);
    TextPool& pool = *reinterpret_cast<Chunk*>(at)->owner;
    if (pool.abandoned_) return;
    Free*& first = pool.free_[bytes / kStep];
    first = new (block) Free{first};
  }
  void NewChunk();

  Free* free_[kMost / kStep + 1] = {};
  char* at_ = nullptr;
  char* end_ = nullptr;
  bool abandoned_ = false;
  Chunk* chunks_ = nullptr;
  std::uint64_t chunk_count_ = 0;
  char* area_ = nullptr;  // chunks of the newest area that are still to be used
  char* area_end_ = nullptr;
};

/// A block of bytes that a text stands in: from the thread's pool, or from the allocator. Sixteen bytes.
class TextBlock {
 public:
  TextBlock() = default;
  TextBlock(TextBlock&& o) noexcept : data_(o.data_), capacity_(o.capacity_), pooled_(o.pooled_) {
    o.data_ = nullptr;
    o.capacity_ = 0;
  }
  TextBlock& operator=(TextBlock&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(capacity_, o.capacity_);
    std::swap(pooled_, o.pooled_);
    return *this;
  }
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;
  ~TextBlock() {
    if (data_ == nullptr) return;
    if (pooled_) {
      TextPool::Give(data_, capacity_);
    } else {
      std::free(data_);
    }
  }
  /// Room for at least so many bytes. Throws std::bad_alloc.
  static TextBlock Of(std::size_t bytes);

  char* data() const { return data_; }
  std::uint32_t capacity() const { return capacity_; }
  bool Owns(const char* p) const { return p >= data_ && p < data_ + capacity_; }

 private:
  char* data_ = nullptr;
  std::uint32_t capacity_ = 0;
  bool pooled_ = false;
};

namespace internal {
extern thread_local TextPool* current_texts;
}  // namespace internal

inline TextPool::Scope::Scope(TextPool& pool) : previous_(internal::current_texts) {
  internal::current_texts = &pool;
}
inline TextPool::Scope::~Scope() {
  internal::current_texts = previous_;
}

}  // namespace millrace
