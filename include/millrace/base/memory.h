#pragma once

#include <atomic>
#include <cstdint>

namespace millrace {

/// What memory is used for.
enum class MemoryUse : std::uint8_t { kBatches, kState, kNetwork, kSnapshot, kUser };
inline constexpr int kMemoryUses = 5;

/// The one memory number of a worker (`-D memory=1GiB`) and what is charged to it. Any thread.
class MemoryAccount {
 public:
  explicit MemoryAccount(std::int64_t limit_bytes) : limit_(limit_bytes) {}

  /// Adds to (or, negative, takes from) what is used.
  void Charge(MemoryUse use, std::int64_t delta) {
    used_by_[static_cast<int>(use)].fetch_add(delta, std::memory_order_relaxed);
    const std::int64_t now = used_.fetch_add(delta, std::memory_order_relaxed) + delta;
    std::int64_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }
  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t used(MemoryUse use) const {
    return used_by_[static_cast<int>(use)].load(std::memory_order_relaxed);
  }
  std::int64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_; }
  bool over_limit() const { return used() > limit_; }

 private:
  const std::int64_t limit_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> peak_{0};
  std::atomic<std::int64_t> used_by_[kMemoryUses] = {};
};

}  // namespace millrace
