// Which sanitizer this translation unit is built with: 1 or 0. GCC says it by a macro, Clang by a
// feature.
#pragma once

#if defined(__has_feature)
#define MILLRACE_HAS_FEATURE(name) __has_feature(name)
#else
#define MILLRACE_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || MILLRACE_HAS_FEATURE(address_sanitizer)
#define MILLRACE_ASAN 1
#else
#define MILLRACE_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || MILLRACE_HAS_FEATURE(thread_sanitizer)
#define MILLRACE_TSAN 1
#else
#define MILLRACE_TSAN 0
#endif
