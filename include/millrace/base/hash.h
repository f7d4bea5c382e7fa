#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace {

/// XXH3-64 with seed 0 and the default secret, bit for bit (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
/// The short inputs are written out here, so that hashing an integer key costs a few instructions.
/// Part of the state format: never changed.
namespace internal {

inline std::uint64_t Read64(const void* p) {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}
inline std::uint32_t Read32(const void* p) {
  std::uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}
inline std::uint64_t Rotl64(std::uint64_t v, int n) {
  return (v << n) | (v >> (64 - n));
}

inline constexpr std::uint64_t kPrime64_1 = 0x9E3779B185EBCA87ULL;
inline constexpr std::uint64_t kPrime64_2 = 0xC2B2AE3D27D4EB4FULL;
inline constexpr std::uint64_t kPrime64_3 = 0x165667B19E3779F9ULL;

// Words of the default secret, XORed as each length class uses them.
inline constexpr std::uint64_t kFlip1To3 = 0x87275a9bULL;           // secret32(0) ^ secret32(4)
inline constexpr std::uint64_t kFlip4To8 = 0xc73ab174c5ecd5a2ULL;   // secret64(8) ^ secret64(16)
inline constexpr std::uint64_t kFlip9Low = 0x6782737bea4239b9ULL;   // secret64(24) ^ secret64(32)
inline constexpr std::uint64_t kFlip9High = 0xaf56bc3b0996523aULL;  // secret64(40) ^ secret64(48)

inline constexpr std::uint64_t kRrmxmxPrime = 0x9FB21C651E98DF25ULL;
inline std::uint64_t Rrmxmx(std::uint64_t h, std::uint64_t length) {
  h ^= Rotl64(h, 49) ^ Rotl64(h, 24);
  h *= kRrmxmxPrime;
  h ^= (h >> 35) + length;
  h *= kRrmxmxPrime;
  return h ^ (h >> 28);
}
inline std::uint64_t Avalanche64(std::uint64_t h) {  // XXH64's
  h ^= h >> 33;
  h *= kPrime64_2;
  h ^= h >> 29;
  h *= kPrime64_3;
  return h ^ (h >> 32);
}
inline std::uint64_t Hash4To8(std::uint32_t first, std::uint32_t last, std::uint64_t length) {
  return Rrmxmx((last + (std::uint64_t{first} << 32)) ^ kFlip4To8, length);
}
/// `first` and `last`: the first and the last eight of the n bytes.
inline std::uint64_t Hash9To16(std::uint64_t first, std::uint64_t last, std::uint64_t n) {
  const std::uint64_t low = first ^ kFlip9Low;
  const std::uint64_t high = last ^ kFlip9High;
  const unsigned __int128 product = static_cast<unsigned __int128>(low) * high;
  std::uint64_t h =
      n + __builtin_bswap64(low) + high +
      (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64));
  h ^= h >> 37;  // XXH3's own avalanche
  h *= 0x165667919E3779F9ULL;
  return h ^ (h >> 32);
}
inline std::uint64_t Hash1To3(const void* p, std::size_t n) {
  const auto* b = static_cast<const unsigned char*>(p);
  const std::uint32_t combined = (std::uint32_t{b[0]} << 16) | (std::uint32_t{b[n >> 1]} << 24) |
                                 std::uint32_t{b[n - 1]} | static_cast<std::uint32_t>(n << 8);
  return Avalanche64(combined ^ kFlip1To3);
}
/// Inputs of 0 and of more than 16 bytes; in hash.cc.
std::uint64_t HashOther(const void* p, std::size_t n);

}  // namespace internal

/// Of the 8 little-endian bytes of `v`.
inline std::uint64_t Hash64(std::uint64_t v) {
  return internal::Hash4To8(static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(v >> 32), 8);
}
/// Of the 4 little-endian bytes of `v`.
inline std::uint64_t Hash64(std::uint32_t v) {
  return internal::Hash4To8(v, v, 4);
}

/// Hash64 of `count` words; several at a time where the processor can.
void HashWords(const std::uint64_t* words, std::uint32_t count, std::uint64_t* hashes);

inline std::uint64_t HashBytes(const void* p, std::size_t n) {
  if (n > 16 || n == 0) return internal::HashOther(p, n);
  if (n > 8) {
    return internal::Hash9To16(internal::Read64(p),
                               internal::Read64(static_cast<const char*>(p) + n - 8), n);
  }
  if (n >= 4) {
    return internal::Hash4To8(internal::Read32(p),
                              internal::Read32(static_cast<const char*>(p) + n - 4), n);
  }
  return internal::Hash1To3(p, n);
}

}  // namespace millrace
