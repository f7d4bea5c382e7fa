#include "millrace/operators/edge/row_order.h"

#include <immintrin.h>

#include <array>
#include <bit>
#include <cstring>

#include "millrace/io/key.h"

namespace millrace {
namespace {

void OrderRest(const std::uint64_t* hashes, std::uint32_t begin, std::uint32_t end,
               std::uint32_t targets, RowOrder* order) {
  for (std::uint32_t i = begin; i < end; ++i) {
    const std::uint32_t target = OwnerOfKeyGroup(KeyGroup(hashes[i]), targets);
    order->rows[target][order->counts[target]++] = static_cast<std::uint8_t>(i);
  }
}

void OrderPlain(const std::uint64_t* hashes, std::uint32_t count, std::uint32_t targets,
                RowOrder* order) {
  std::memset(order->counts, 0, sizeof(order->counts));
  OrderRest(hashes, 0, count, targets, order);
}

/// The positions of the bits of a byte, a byte each, lowest first.
constexpr std::array<std::uint64_t, 256> kBitPositions = [] {
  std::array<std::uint64_t, 256> table{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    int at = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((mask >> bit & 1) == 0) continue;
      table[mask] |= std::uint64_t{bit} << (8 * at++);
    }
  }
  return table;
}();

#define MILLRACE_AVX2 [[gnu::target("avx2,popcnt")]]

/// OwnerOfKeyGroup of four rows, in lanes of 64 bits.
MILLRACE_AVX2 inline __m256i TargetsOf(const std::uint64_t* hashes, __m256i targets) {
  const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(hashes));
  return _mm256_srli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(h, 48), targets), 16);
}
MILLRACE_AVX2 inline unsigned Equal(__m256i lanes, __m256i target) {
  return static_cast<unsigned>(
      _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(lanes, target))));
}

MILLRACE_AVX2 inline unsigned TopBits(const std::uint64_t* hashes) {
  return static_cast<unsigned>(
      _mm256_movemask_pd(_mm256_loadu_pd(reinterpret_cast<const double*>(hashes))));
}

/// Appends the rows of eight that `mask` has; `first` is the first one's index, in every byte.
MILLRACE_AVX2 inline std::uint8_t* Append(unsigned mask, std::uint64_t first, std::uint8_t* end) {
  const std::uint64_t rows = first + kBitPositions[mask];
  std::memcpy(end, &rows, 8);
  return end + std::popcount(mask);
}
constexpr std::uint64_t kEachByte = 0x0101010101010101;

/// Two targets: the hash's highest bit decides. Returns how many rows it has ordered.
MILLRACE_AVX2 std::uint32_t OrderTwo(const std::uint64_t* hashes, std::uint32_t count,
                                     RowOrder* order) {
  std::uint8_t* low = order->rows[0];
  std::uint8_t* high = order->rows[1];
  std::uint32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const unsigned mask = TopBits(hashes + i) | TopBits(hashes + i + 4) << 4;
    low = Append(mask ^ 0xff, i * kEachByte, low);
    high = Append(mask, i * kEachByte, high);
  }
  order->counts[0] = static_cast<std::uint32_t>(low - order->rows[0]);
  order->counts[1] = static_cast<std::uint32_t>(high - order->rows[1]);
  return i;
}
MILLRACE_AVX2 std::uint32_t OrderMany(const std::uint64_t* hashes, std::uint32_t count,
                                      std::uint32_t targets, RowOrder* order) {
  std::memset(order->counts, 0, sizeof(order->counts));
  const __m256i n = _mm256_set1_epi64x(targets);
  std::uint32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256i low = TargetsOf(hashes + i, n);
    const __m256i high = TargetsOf(hashes + i + 4, n);
    for (std::uint32_t t = 0; t < targets; ++t) {
      const __m256i target = _mm256_set1_epi64x(t);
      std::uint8_t* const end = order->rows[t] + order->counts[t];
      const unsigned mask = Equal(low, target) | Equal(high, target) << 4;
      order->counts[t] += static_cast<std::uint32_t>(Append(mask, i * kEachByte, end) - end);
    }
  }
  return i;
}

/// Eight rows at a time, without a branch on where they go.
MILLRACE_AVX2 void OrderAvx2(const std::uint64_t* hashes, std::uint32_t count,
                             std::uint32_t targets, RowOrder* order) {
  const std::uint32_t ordered =
      targets == 2 ? OrderTwo(hashes, count, order) : OrderMany(hashes, count, targets, order);
  OrderRest(hashes, ordered, count, targets, order);
}

// Chosen by hand: an ifunc resolver (target_clones) crashes at start under TSan.
using OrderFn = void (*)(const std::uint64_t*, std::uint32_t, std::uint32_t, RowOrder*);
const OrderFn g_order = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &OrderAvx2
                                                                            : &OrderPlain;
}();

}  // namespace

void OrderByTarget(const std::uint64_t* hashes, std::uint32_t count, std::uint32_t targets,
                   RowOrder* order) {
  g_order(hashes, count, targets, order);
}

}  // namespace millrace
