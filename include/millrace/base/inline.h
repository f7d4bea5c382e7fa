#pragma once

/// Of functions that the per-record loop must not call: inlined always, but not in a build without optimization.
#if defined(__GNUC__) && !defined(__OPTIMIZE__)
#define MILLRACE_INLINE inline
#else
#define MILLRACE_INLINE inline __attribute__((always_inline))
#endif
