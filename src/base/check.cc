#include "millrace/base/check.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace millrace {

void CheckFailed(const char* expression, const char* message, const char* file, int line) noexcept {
  std::fprintf(stderr, "millrace: broken invariant at %s:%d: %s (%s)\n", file, line, message,
               expression);
  std::fflush(stderr);
  void* frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  std::abort();
}

}  // namespace millrace
