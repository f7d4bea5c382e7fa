#pragma once

#include <cstdint>

namespace millrace {

/// A seeded generator (SplitMix64): the same numbers from the same seed, everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [0, n); n > 0.
  std::uint64_t Uniform(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }
  /// In [low, high].
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Uniform(static_cast<std::uint64_t>(high - low) + 1));
  }
  double NextDouble() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  bool Chance(double p) { return NextDouble() < p; }

 private:
  std::uint64_t state_;
};

}  // namespace millrace
