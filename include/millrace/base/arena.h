#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace millrace {

/// Owns the bytes of `millrace::String`s made in one task: a FIFO of chunks. Single-threaded.
///
/// A batch that may hold views pins the chunk that was current when it was opened; a pinned chunk protects all
/// later ones. Recycle, called between steps, reuses chunks from the front of the queue that nobody pins.
class Arena {
 public:
  static constexpr std::size_t kChunkBytes = 64 * 1024;
  static constexpr std::size_t kCrowd = 16;

  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `n` bytes, not aligned; valid until their chunk is recycled.
  char* Allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      NewChunk(n);
    char* p = at_;
    at_ += n;
    return p;
  }
  /// True for bytes allocated from the current chunk.
  bool OwnsCurrent(const char* p) const { return p >= begin_ && p < at_; }

  /// Keeps the current chunk and all later ones; returns what to unpin.
  std::uint64_t Pin();
  void Unpin(std::uint64_t pin);
  /// Reuses what nobody pins. Only when no unpinned view is in use: between steps.
  void Recycle();

  std::size_t bytes() const { return bytes_; }
  /// Much is kept: perhaps by batches that have come back and that nobody has looked at yet.
  bool crowded() const { return chunks_.size() > kCrowd; }

 private:
  struct Chunk {
    char* data;
    std::size_t size;
    std::uint64_t sequence;
    std::uint32_t pins;
  };
  void NewChunk(std::size_t n);
  void Retire(const Chunk& chunk);

  char* begin_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::deque<Chunk> chunks_;  // oldest first; the last is the current one
  std::vector<Chunk> free_;
  std::uint64_t next_sequence_ = 1;
  std::size_t bytes_ = 0;
};

/// Where a String made from other bytes puts its copy: the running task's arena, or, outside tasks, one that
/// lives as long as the thread.
Arena& CurrentArena();

namespace internal {
extern thread_local Arena* current_arena;
Arena& ThreadArena();
}  // namespace internal

inline Arena& CurrentArena() {
  Arena* arena = internal::current_arena;
  return arena != nullptr ? *arena : internal::ThreadArena();
}

/// Makes an arena the current one of this thread while it lives.
class ArenaScope {
 public:
  explicit ArenaScope(Arena& arena) : previous_(internal::current_arena) {
    internal::current_arena = &arena;
  }
  ~ArenaScope() { internal::current_arena = previous_; }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena* previous_;
};

}  // namespace millrace
