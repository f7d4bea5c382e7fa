#include <immintrin.h>

#include "millrace/base/hash.h"

namespace millrace {
namespace {

void HashWordsPlain(const std::uint64_t* words, std::uint32_t count, std::uint64_t* hashes) {
  for (std::uint32_t i = 0; i < count; ++i) hashes[i] = Hash64(words[i]);
}

#define MILLRACE_AVX2 [[gnu::target("avx2")]]

/// The low halves of the products of 64-bit lanes and a constant.
MILLRACE_AVX2 inline __m256i Times(__m256i a, __m256i low, __m256i high) {
  const __m256i cross =
      _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(a, 32), low), _mm256_mul_epu32(a, high));
  return _mm256_add_epi64(_mm256_mul_epu32(a, low), _mm256_slli_epi64(cross, 32));
}

/// internal::Rrmxmx of four words at a time.
MILLRACE_AVX2 void HashWordsAvx2(const std::uint64_t* words, std::uint32_t count,
                                 std::uint64_t* hashes) {
  const __m256i flip = _mm256_set1_epi64x(static_cast<std::int64_t>(internal::kFlip4To8));
  const __m256i low = _mm256_set1_epi64x(internal::kRrmxmxPrime & 0xffffffff);
  const __m256i high = _mm256_set1_epi64x(internal::kRrmxmxPrime >> 32);
  const __m256i length = _mm256_set1_epi64x(8);
  std::uint32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + i));
    h = _mm256_xor_si256(_mm256_shuffle_epi32(h, 0xB1), flip);  // the halves change places
    const __m256i turned49 = _mm256_xor_si256(_mm256_slli_epi64(h, 49), _mm256_srli_epi64(h, 15));
    const __m256i turned24 = _mm256_xor_si256(_mm256_slli_epi64(h, 24), _mm256_srli_epi64(h, 40));
    h = _mm256_xor_si256(h, _mm256_xor_si256(turned49, turned24));
    h = Times(h, low, high);
    h = _mm256_xor_si256(h, _mm256_add_epi64(_mm256_srli_epi64(h, 35), length));
    h = Times(h, low, high);
    h = _mm256_xor_si256(h, _mm256_srli_epi64(h, 28));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(hashes + i), h);
  }
  // GCC leaves it out in front of a call at the end, and Intel's cores then run all code without AVX, libm for one, several
  // times slower.
  _mm256_zeroupper();
  HashWordsPlain(words + i, count - i, hashes + i);
}

// Chosen by hand: an ifunc resolver (target_clones) crashes at start under TSan.
using HashWordsFn = void (*)(const std::uint64_t*, std::uint32_t, std::uint64_t*);
const HashWordsFn g_hash_words = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") ? &HashWordsAvx2 : &HashWordsPlain;
}();

}  // namespace

void HashWords(const std::uint64_t* words, std::uint32_t count, std::uint64_t* hashes) {
  g_hash_words(words, count, hashes);
}

}  // namespace millrace
