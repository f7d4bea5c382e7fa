#include "runtime/task/parker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace millrace {

void Parker::Sleep(std::int64_t nanos) {
  timespec timeout{};
  timeout.tv_sec = nanos / 1000000000;
  timeout.tv_nsec = nanos % 1000000000;
  if (state_.load(std::memory_order_acquire) == kParked && nanos != 0) {
    // A spurious return is fine: the caller looks at its inputs and comes back.
    syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&state_), FUTEX_WAIT_PRIVATE, kParked,
            nanos < 0 ? nullptr : &timeout, nullptr, 0);
  }
  state_.store(kAwake, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
}

void Parker::WakeSlow() {
  std::uint32_t expected = kParked;
  if (state_.compare_exchange_strong(expected, kAwake, std::memory_order_acq_rel)) {
    syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&state_), FUTEX_WAKE_PRIVATE, 1, nullptr,
            nullptr, 0);
  }
}

}  // namespace millrace
