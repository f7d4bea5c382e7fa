#pragma once

#include <atomic>
#include <cstdint>

#include "millrace/io/channel.h"

namespace millrace {

/// Puts one thread to sleep until another has something for it (futex).
///
/// The sleeper: Prepare, look at its inputs once more, then Sleep (or Cancel). The waker makes its change
/// first, then calls Wake. Either the sleeper sees the change or the waker sees the sleeper: one fence each.
class Parker final : public Waker {
 public:
  void Prepare() {
    state_.store(kParked, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void Cancel() { state_.store(kAwake, std::memory_order_relaxed); }
  /// Until woken, or for `nanos` (negative: without limit). Prepare must have been called.
  void Sleep(std::int64_t nanos);

  void Wake() override {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (state_.load(std::memory_order_relaxed) == kParked) WakeSlow();
  }

 private:
  static constexpr std::uint32_t kAwake = 0;
  static constexpr std::uint32_t kParked = 1;
  void WakeSlow();

  alignas(64) std::atomic<std::uint32_t> state_{kAwake};
};

}  // namespace millrace
