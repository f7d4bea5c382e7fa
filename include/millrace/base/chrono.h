#pragma once

/// std::chrono's durations, time points and their literals. libstdc++'s <chrono> of C++20 has calendars and streams with it and
/// costs each job 0.3 s to compile; the part that <mutex> and <thread> are made with has what is needed here. A job that uses
/// calendars includes <chrono> itself.
#if defined(__has_include) && __has_include(<bits/chrono.h>)
#include <bits/chrono.h>  // IWYU pragma: export
#else
#include <chrono>  // IWYU pragma: export
#endif
