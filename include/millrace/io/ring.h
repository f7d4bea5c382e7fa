#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace {

/// A bounded queue between exactly one producing and one consuming thread.
///
/// Head and tail stand on lines of their own and each side keeps a copy of the other's index, so that
/// in the steady state a push or pop touches no line the other side writes.
template <class T>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
        cells_(std::make_unique<T[]>(mask_ + 1)) {}

  std::size_t capacity() const { return mask_ + 1; }

  /// Producer only. False when full.
  bool TryPush(const T& value) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - cached_head_ > mask_) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (tail - cached_head_ > mask_) return false;
    }
    cells_[tail & mask_] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Consumer only. False when empty.
  bool TryPop(T* value) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (head == cached_tail_) {
      cached_tail_ = tail_.load(std::memory_order_acquire);
      if (head == cached_tail_) return false;
    }
    *value = cells_[head & mask_];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  /// Either side; exact only for the side that asks about its own progress.
  bool empty() const {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  const std::size_t mask_;
  const std::unique_ptr<T[]> cells_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};  // written by the producer
  std::uint64_t cached_head_ = 0;                   // the producer's copy
  alignas(64) std::atomic<std::uint64_t> head_{0};  // written by the consumer
  std::uint64_t cached_tail_ = 0;                   // the consumer's copy
};

}  // namespace millrace
