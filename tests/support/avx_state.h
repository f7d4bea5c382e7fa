#pragma once

#include <cpuid.h>
#include <immintrin.h>

namespace millrace::test_support {

/// Whether the upper halves of this thread's vector registers are in use. Code that leaves them so makes all code without AVX
/// behind it several times slower, on Intel's cores.
[[gnu::target("xsave")]] inline bool UpperHalvesInUse() {
  return (_xgetbv(1) & 4) != 0;
}

/// The core can say it, and clears them when it is told to (others say that they are always in use).
[[gnu::target("avx")]] inline bool KnowsUpperHalves() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d) == 0 || (a & 4) == 0) return false;
  if (!__builtin_cpu_supports("avx2")) return false;
  _mm256_zeroupper();
  return !UpperHalvesInUse();
}

}  // namespace millrace::test_support
