#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace millrace {

/// What memory is used for.
enum class MemoryUse : std::uint8_t { kBatches, kState, kNetwork, kSnapshot, kUser };
inline constexpr int kMemoryUses = 5;

/// Thrown where something would not fit into `-D memory`: fails the job. The message says what is used by whom.
class MemoryExceeded : public std::exception {
 public:
  explicit MemoryExceeded(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// The one memory number of a worker (`-D memory=1GiB`) and what is charged to it. Any thread.
///
/// State that would go over it fails the job (RequireRoom); batches make their producers wait long before (tight).
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
  /// Throws MemoryExceeded when `bytes` more would be over the limit. Called before memory is taken, where it is charged:
  /// per growth of a table or slice of a batch, never per record.
  void RequireRoom(MemoryUse use, std::int64_t bytes) const {
    if (!HasRoom(bytes)) [[unlikely]]
      ThrowExceeded(use, bytes);
  }
  /// Batches count with half of the memory at most: what is beyond is under way, and no fault of who asks.
  bool HasRoom(std::int64_t bytes) const {
    const std::int64_t batches = used(MemoryUse::kBatches);
    return used() - (batches > limit_ / 2 ? batches - limit_ / 2 : 0) + bytes <= limit_;
  }
  /// Throws MemoryExceeded: a single record is larger than the limit.
  [[noreturn]] void ThrowRecordTooLarge(std::int64_t bytes) const;

  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t used(MemoryUse use) const {
    return used_by_[static_cast<int>(use)].load(std::memory_order_relaxed);
  }
  std::int64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_; }
  /// Batches take half of the memory, or nearly all of it is used: no channel should have more than one batch under way.
  bool tight() const {
    return used(MemoryUse::kBatches) > limit_ / 2 || used() > limit_ - limit_ / 8;
  }

 private:
  [[noreturn]] void ThrowExceeded(MemoryUse use, std::int64_t bytes) const;

  const std::int64_t limit_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> peak_{0};
  std::atomic<std::int64_t> used_by_[kMemoryUses] = {};
};

/// "512 MiB", "1.5 MiB", "900 bytes".
std::string BytesText(std::int64_t bytes);
/// Memory that this process occupies at the moment (RSS), in bytes; 0 where the machine does not tell.
std::int64_t ResidentBytes();

}  // namespace millrace
