#include "runtime/run_name.h"

#include <cstdint>
#include <cstdio>
#include <random>

#include "millrace/base/clock.h"
#include "millrace/base/time.h"

namespace millrace {

std::string NewRunName() {
  std::string name;
  for (const char c : EventTime::FromMillis(SystemClock::Get().WallMillis()).ToString()) {
    if (c == '.') break;  // to the second
    if (c != '-' && c != ':') name += c;
  }
  char tail[16];
  std::snprintf(tail, sizeof(tail), "-%08x", static_cast<unsigned>(std::random_device()()));
  return name + tail;
}

}  // namespace millrace
