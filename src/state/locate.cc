#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "millrace/base/prefetch.h"
#include "millrace/state/state_table.h"

// The lookups of a block of hashes up to the point where keys are compared, the same for all key types.
namespace millrace {
namespace {

const bool g_avx2 = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}();

constexpr std::size_t kStep = 64;
constexpr std::size_t kFetched = 5 * kStep;  // of a row, with its last line

/// All lines of a row, which may begin in the middle of one; of a very long row the first and the last.
[[gnu::always_inline]] inline void FetchRow(const std::byte* row, std::size_t row_bytes) {
  for (std::size_t at = 0; at < std::min(row_bytes, kFetched); at += kStep)
    PrefetchToWrite(row + at);
  PrefetchToWrite(row + row_bytes - 1);
}

}  // namespace

// One sub-table in the near caches: first where each hash's group is and what tag it looks for, then the tags. No branch:
// the loads of different rows overlap.
struct StateTable::NearProbe {
  std::uint32_t count;
  std::uint64_t groups[64];  // numbers of groups
  std::uint64_t tags[64];    // the tag eight times

  [[gnu::always_inline]] void Plan(const std::uint64_t* hashes, std::uint32_t number_of_groups) {
    for (std::uint32_t i = 0; i < count; ++i) {
      groups[i] = GroupOf(hashes[i], number_of_groups);
      tags[i] = TagOf(hashes[i]) * std::uint64_t{0x0101010101010101};
    }
  }
  [[gnu::target("avx2")]] void PlanAvx2(const std::uint64_t* hashes,
                                        std::uint32_t number_of_groups) {
    const __m256i factor = _mm256_set1_epi64x(number_of_groups);
    const __m256i least = _mm256_set1_epi8(static_cast<char>(kLive));
    const __m256i bytes = _mm256_set_epi64x(0x0d0d0d0d0d0d0d0d, 0x0505050505050505,
                                            0x0d0d0d0d0d0d0d0d, 0x0505050505050505);
    for (std::uint32_t i = 0; i < count; i += 4) {  // up to three too many: there is room
      const __m256i hash = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(hashes + i));
      const __m256i group = _mm256_srli_epi64(_mm256_mul_epu32(hash, factor), 32);
      const __m256i tag = _mm256_max_epu8(_mm256_shuffle_epi8(hash, bytes), least);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(groups + i), group);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(tags + i), tag);
    }
  }
};

void StateTable::LocateNear(const std::uint64_t* hashes, std::uint32_t count, std::byte** rows,
                            std::uint8_t** flags) const {
  NearProbe probe;
  probe.count = count;
  if (g_avx2 && count % 4 == 0) {
    probe.PlanAvx2(hashes, subs_[0].groups);
  } else {
    probe.Plan(hashes, subs_[0].groups);
  }
  std::uint8_t* const headers = subs_[0].headers;
  const auto table = reinterpret_cast<std::uintptr_t>(subs_[0].rows);
  const std::size_t row_bytes = row_bytes_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t group = probe.groups[i];
    std::uint8_t* const header = headers + group * kHeaderBytes;
    const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(&probe.tags[i]));
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
    const auto match = static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_unpacklo_epi64(low, low))));
    const std::size_t first = FirstSlot(match);
    // In numbers: an empty table has no rows to point into.
    const std::uintptr_t row = table + (group * kGroupSlots + first) * row_bytes;
    rows[i] = match != 0 ? reinterpret_cast<std::byte*>(row) : nullptr;
    flags[i] = header + kGroupSlots + first;
  }
}

// All headers first, then all rows: the cache misses of different rows do not wait for each other.
void StateTable::LocateFar(const std::uint64_t* hashes, std::uint32_t count, std::byte** rows,
                           std::uint8_t** flags) const {
  const SubTable* const subs = subs_.data();
  const std::size_t row_bytes = row_bytes_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const SubTable& s = subs[SubOf(hashes[i])];
    const std::size_t group = GroupOf(hashes[i], s.groups);
    flags[i] = s.headers + group * kHeaderBytes;
    rows[i] = s.rows + group * kGroupSlots * row_bytes;
    Prefetch(flags[i]);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint8_t* const header = flags[i];
    std::byte* const group_rows = rows[i];
    std::uint32_t match = MatchingSlots(header, hashes[i]);
    const std::size_t first = FirstSlot(match);
    flags[i] = header + kGroupSlots + first;
    if (match == 0) {  // a new key, most often: where it will stand
      rows[i] = nullptr;
      const std::size_t empty = FirstSlot(EmptySlots(header));
      if (empty < kGroupSlots) FetchRow(group_rows + empty * row_bytes, row_bytes);
      continue;
    }
    rows[i] = group_rows + first * row_bytes;
    FetchRow(rows[i], row_bytes);
    // All rows whose tag matches: one in twenty groups has a second.
    for (match &= match - 1; match != 0; match &= match - 1)
      FetchRow(group_rows + FirstSlot(match) * row_bytes, row_bytes);
  }
}

void StateTable::Fetch(const std::uint64_t* hashes, std::uint32_t count) const {
  if (!wants_prefetch()) return;
  std::byte* rows[64];
  std::uint8_t* flags[64];
  LocateFar(hashes, count, rows, flags);
  for (std::uint32_t i = 0; i < count; ++i) {  // a row's begin and its end are on their way
    for (std::size_t at = kFetched; rows[i] != nullptr && at + kStep < row_bytes_; at += kStep)
      PrefetchToWrite(rows[i] + at);
  }
  for (const RowLayout::Pointer& column : layout_.pointers()) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (rows[i] == nullptr) continue;
      std::uintptr_t to = 0;  // perhaps null
      std::memcpy(&to, rows[i] + column.offset, sizeof(to));
      for (std::uint32_t at = 0; at < column.bytes; at += 64)
        PrefetchToWrite(reinterpret_cast<const void*>(to + at));
    }
  }
}

}  // namespace millrace
