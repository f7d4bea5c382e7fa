#pragma once

#include "millrace/base/inline.h"

namespace millrace {

// Begin to bring the cache line at `at`, of which nothing is read: any address will do. GCC takes a function that does nothing
// but __builtin_prefetch for one without effect and drops the calls of it that are not inlined: these are an effect.

/// To be read soon.
MILLRACE_INLINE void Prefetch(const void* at) {
  __builtin_prefetch(at);
  asm volatile("");
}
/// To be written soon.
MILLRACE_INLINE void PrefetchToWrite(const void* at) {
  __builtin_prefetch(at, 1);
  asm volatile("");
}
/// To be read in a while: into the second cache, which more lines can be on their way to.
MILLRACE_INLINE void PrefetchAhead(const void* at) {
  __builtin_prefetch(at, 0, 2);
  asm volatile("");
}

}  // namespace millrace
