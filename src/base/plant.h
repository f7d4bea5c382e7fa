#pragma once

// MILLRACE_PLANT(n): whether the n-th planted bug is in. A planted bug is a mistake in a line of production code that the tests of
// recovery have to find; docs/faults.md has the list. It is `false` in every build but those with MILLRACE_PLANTED_BUGS, where
// the environment's MILLRACE_PLANT says which one it is: none, without it.
#ifdef MILLRACE_PLANTED_BUGS
#include <cstdlib>

namespace millrace::internal {

inline int PlantedBug() {
  static const int planted = [] {
    const char* const n = std::getenv("MILLRACE_PLANT");
    return n == nullptr ? 0 : std::atoi(n);
  }();
  return planted;
}

}  // namespace millrace::internal

#define MILLRACE_PLANT(n) (::millrace::internal::PlantedBug() == (n))
#else
#define MILLRACE_PLANT(n) false
#endif
