#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace millrace {

/// An unbounded queue between exactly one producing and one consuming thread: a list of chunks, of which
/// a drained one is used again. A push never fails and never waits, so nobody has to remember what did not
/// fit; what bounds a channel are its credits. In the steady state nothing is allocated.
template <class T>
class SpscQueue {
 public:
  SpscQueue() : tail_(new Chunk), head_(tail_) {}
  ~SpscQueue() {
    while (head_ != nullptr) {
      Chunk* next = head_->next.load(std::memory_order_relaxed);
      delete head_;
      head_ = next;
    }
    delete spare_.load(std::memory_order_relaxed);
  }
  SpscQueue(const SpscQueue&) = delete;
  SpscQueue& operator=(const SpscQueue&) = delete;

  /// Producer only.
  void Push(const T& value) {
    if (write_ == kCells) NextTail();
    tail_->cells[write_] = value;
    tail_->written.store(++write_, std::memory_order_release);
    pushed_.store(pushed_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Consumer only. False when empty.
  bool TryPop(T* value) {
    if (read_ == kCells) {
      Chunk* next = head_->next.load(std::memory_order_acquire);
      if (next == nullptr) return false;
      delete spare_.exchange(head_, std::memory_order_acq_rel);
      head_ = next;
      read_ = 0;
    }
    if (read_ == head_->written.load(std::memory_order_acquire)) return false;
    *value = head_->cells[read_++];
    popped_.store(popped_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    return true;
  }

  /// Either side; exact only for the side that asks about its own progress.
  bool empty() const {
    return popped_.load(std::memory_order_acquire) == pushed_.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::uint32_t kCells = 62;
  struct Chunk {
    std::array<T, kCells> cells{};
    std::atomic<std::uint32_t> written{0};
    std::atomic<Chunk*> next{nullptr};
  };

  void NextTail() {
    Chunk* chunk = spare_.exchange(nullptr, std::memory_order_acq_rel);
    if (chunk == nullptr) {
      chunk = new Chunk;
    } else {
      chunk->written.store(0, std::memory_order_relaxed);
      chunk->next.store(nullptr, std::memory_order_relaxed);
    }
    tail_->next.store(chunk, std::memory_order_release);
    tail_ = chunk;
    write_ = 0;
  }

  // The producer's line.
  alignas(64) Chunk* tail_;
  std::uint32_t write_ = 0;
  std::atomic<std::uint64_t> pushed_{0};
  // The consumer's line.
  alignas(64) Chunk* head_;
  std::uint32_t read_ = 0;
  std::atomic<std::uint64_t> popped_{0};
  // Passed between them once per chunk.
  alignas(64) std::atomic<Chunk*> spare_{nullptr};
};

}  // namespace millrace
