#pragma once

#include <cstdint>
#include <ctime>

namespace millrace {

/// What the calling thread has had of a core so far.
inline std::int64_t ThreadCpuNanos() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

}  // namespace millrace
