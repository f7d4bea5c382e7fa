#include "millrace/base/clock.h"

#include <ctime>

namespace millrace {
namespace {

std::int64_t Read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::NowNanos() const {
  return Read(CLOCK_MONOTONIC);
}
std::int64_t SystemClock::WallMillis() const {
  return Read(CLOCK_REALTIME) / 1000000;
}

const SystemClock& SystemClock::Get() {
  static const SystemClock clock;
  return clock;
}

}  // namespace millrace
