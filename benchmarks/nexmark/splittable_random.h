#pragma once

#include <bit>
#include <cstdint>

namespace nexmark {

/// java.util.SplittableRandom, bit for bit (its documentation, and performance.md section 2.3).
class SplittableRandom {
 public:
  explicit SplittableRandom(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t NextLong() {
    std::uint64_t z = seed_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint32_t NextInt() {
    std::uint64_t z = seed_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 33)) * 0x62a9d9ed799705f5ULL;
    return static_cast<std::uint32_t>(((z ^ (z >> 28)) * 0xcb24d0a5c88c35b3ULL) >> 32);
  }
  /// In [0, bound). Inlined with a constant bound it has no division.
  __attribute__((always_inline)) std::int32_t NextInt(std::int32_t bound) {
    const std::uint32_t m = static_cast<std::uint32_t>(bound) - 1;
    std::uint32_t r = NextInt();
    if ((static_cast<std::uint32_t>(bound) & m) == 0) return static_cast<std::int32_t>(r & m);
    std::uint32_t u = r >> 1;
    for (;;) {
      r = u % static_cast<std::uint32_t>(bound);
      if (static_cast<std::int32_t>(u + m - r) >= 0) return static_cast<std::int32_t>(r);
      u = NextInt() >> 1;
    }
  }
  double NextDouble() { return static_cast<double>(NextLong() >> 11) * 0x1p-53; }

 private:
  std::uint64_t seed_;
};

}  // namespace nexmark
