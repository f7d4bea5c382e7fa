#include "src/storage/crc32c_ways.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace millrace::crc32c {

#if defined(__x86_64__)

namespace {

// Bit 31 is x^0, bit 0 x^31, as in the register: x^n modulo the polynomial.
constexpr std::uint64_t PowerOfX(std::size_t n) {
  std::uint32_t power = std::uint32_t{1} << 31;
  for (; n > 0; --n) power = (power >> 1) ^ ((power & 1) != 0 ? 0x82f63b78 : 0);
  return power;
}

// Multiplying by these moves a piece of 128 bits `bits` on: its first half, which is x^64 ahead, and its second. They stand in the
// upper half of a word, and the product of two words is one power of x too far.
struct Shift {
  std::uint64_t first, second;
};
constexpr Shift ShiftBy(std::size_t bits) {
  return {PowerOfX(bits + 63) << 32, PowerOfX(bits - 1) << 32};
}
constexpr std::size_t kSums = 8;  // side by side, so that none waits for its last product
constexpr std::size_t kRound = kSums * 32;
constexpr Shift kByRound = ShiftBy(kRound * 8), kBy256 = ShiftBy(256), kBy128 = ShiftBy(128);

#define MILLRACE_FOLDS __attribute__((target("avx2,pclmul,vpclmulqdq,sse4.2")))

MILLRACE_FOLDS inline __m256i Load(const unsigned char* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
MILLRACE_FOLDS inline __m256i Twice(Shift shift) {
  const auto first = static_cast<long long>(shift.first);
  const auto second = static_cast<long long>(shift.second);
  return _mm256_set_epi64x(second, first, second, first);
}
MILLRACE_FOLDS inline __m256i Fold(__m256i sum, __m256i shift, __m256i next) {
  const __m256i first = _mm256_clmulepi64_epi128(sum, shift, 0x00);
  const __m256i second = _mm256_clmulepi64_epi128(sum, shift, 0x11);
  return _mm256_xor_si256(_mm256_xor_si256(first, second), next);
}

MILLRACE_FOLDS std::uint32_t FoldRounds(const unsigned char* at, std::size_t rounds,
                                        std::uint32_t crc) {
  __m256i sums[kSums];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kSums; ++i) sums[i] = Load(at + i * 32);
  sums[0] =
      _mm256_xor_si256(sums[0], _mm256_zextsi128_si256(_mm_cvtsi32_si128(static_cast<int>(crc))));
  const __m256i by_round = Twice(kByRound);
  for (std::size_t round = 1; round < rounds; ++round) {
    at += kRound;
#pragma GCC unroll 8  // or they stand in memory
    for (std::size_t i = 0; i < kSums; ++i) sums[i] = Fold(sums[i], by_round, Load(at + i * 32));
  }
  const __m256i by_256 = Twice(kBy256);
  __m256i sum = sums[0];
#pragma GCC unroll 8
  for (std::size_t i = 1; i < kSums; ++i) sum = Fold(sum, by_256, sums[i]);
  const __m128i by_128 = _mm256_castsi256_si128(Twice(kBy128));
  const __m128i first = _mm256_castsi256_si128(sum);
  const __m128i all = _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(first, by_128, 0x00),
                                                  _mm_clmulepi64_si128(first, by_128, 0x11)),
                                    _mm256_extracti128_si256(sum, 1));
  // What is left is as good as all the bytes.
  std::uint64_t rest = _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(all)));
  rest = _mm_crc32_u64(rest, static_cast<std::uint64_t>(_mm_extract_epi64(all, 1)));
  _mm256_zeroupper();
  return static_cast<std::uint32_t>(rest);
}

}  // namespace

std::uint32_t ByFolding(const unsigned char* at, std::size_t bytes, std::uint32_t crc) {
  constexpr std::size_t kLeast = 1024;  // where it is faster
  if (bytes < kLeast) return ByInstruction(at, bytes, crc);
  const std::size_t rest = bytes % kRound;
  crc = FoldRounds(at, bytes / kRound, crc);
  return ByInstruction(at + bytes - rest, rest, crc);
}

bool CanFold() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("pclmul") != 0 &&
         __builtin_cpu_supports("vpclmulqdq") != 0 && HasInstruction();
}

#endif

}  // namespace millrace::crc32c
