#pragma once

namespace millrace {

/// Prints the broken invariant and the stack to stderr, then aborts. Called by MILLRACE_CHECK only.
[[noreturn]] void CheckFailed(const char* expression, const char* message, const char* file,
                              int line) noexcept;

}  // namespace millrace

/// A broken invariant of Millrace itself ends the process (a worker is expendable; the job recovers).
/// Never for bad input: that is a Status.
#define MILLRACE_CHECK(condition, message)                              \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::millrace::CheckFailed(#condition, message, __FILE__, __LINE__); \
  } while (false)
