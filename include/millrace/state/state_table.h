#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "millrace/base/memory.h"
#include "millrace/io/key.h"
#include "millrace/io/value_traits.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/stored.h"

namespace millrace {

/// The key groups [begin, end) of 2^16 that a subtask owns.
struct KeyGroupRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 1 << 16;
  /// The range of subtask `index` of `parallelism`; the inverse of OwnerOfKeyGroup.
  static KeyGroupRange Of(int index, int parallelism);
};

/// A live row and its flag byte. Valid until the next insert, erase or clear of the table.
struct RowRef {
  std::byte* row = nullptr;
  std::uint8_t* flag = nullptr;
  explicit operator bool() const { return row != nullptr; }
};

/// The keyed rows of one operator's subtask: groups of 16 slots with one-byte tags, in sub-tables by key-group
/// range. This part is the same for all key types; KeyedTable<K> adds the lookups.
///
/// Headers (16 tags, 16 flag bytes a group) stand apart from the rows: 32 bytes a group that stay in cache.
/// Tag 0 is an empty slot, 1 an erased one, 0x80|7 hash bits a live one. A slot's row is always a constructed
/// object; an empty slot's row is dormant and keeps its buffers for the next key.
/// A flag byte holds the epoch of the row's last change (1..3, cyclic; 0 = unchanged since it was written to
/// a snapshot). See docs/formats/state_table.md.
class StateTable {
 public:
  static constexpr std::uint32_t kGroupSlots = 16;
  static constexpr std::uint32_t kSubTables = 256;
  static constexpr std::uint32_t kHeaderBytes = 32;
  static constexpr std::uint8_t kEmpty = 0;
  static constexpr std::uint8_t kErased = 1;
  static constexpr std::uint8_t kEpochMask = 3;

  /// Up to this many rows there is one sub-table, which fits the first cache levels.
  static constexpr std::uint64_t kSmallRows = 4096;

  StateTable(RowLayout layout, KeyGroupRange range, MemoryAccount* memory);
  ~StateTable();
  StateTable(const StateTable&) = delete;
  StateTable& operator=(const StateTable&) = delete;

  const RowLayout& layout() const { return layout_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t allocated_bytes() const { return bytes_; }
  bool empty() const { return size_ == 0; }
  /// True when the rows outgrow the near caches, so that prefetching pays.
  bool wants_prefetch() const { return bytes_ > kPrefetchBytes; }
  /// Counts the moves of rows to other places (growth): pointers from before are void.
  std::uint64_t generation() const { return generation_; }

  /// Empties the table and keeps its memory; rows become dormant. Shrinks one that was mostly empty.
  void Clear();
  void Erase(RowRef ref);

  /// A position in a walk over the live rows; a walk is void after an insert.
  struct Cursor {
    std::uint32_t sub = 0;
    std::uint32_t slot = 0;
  };
  /// The next live row, or none at the end. Order: sub-tables (key-group ranges), then slots.
  RowRef Next(Cursor* cursor) const;

  // --- epochs: what a snapshot without a pause rests on (architecture.md, decision 12)

  /// Called before the row changes. Writes a row that an open snapshot still owes, then marks it changed.
  void Touch(RowRef ref) {
    if ((*ref.flag & kEpochMask) != epoch_) [[unlikely]]
      TouchSlow(ref);
  }
  using RowWriter = std::function<void(const std::byte* row)>;
  /// Freezes the rows changed since the last snapshot: each will be given to `writer` once, as it is now,
  /// either by SnapshotSlice or just before it changes.
  void BeginSnapshot(RowWriter writer);
  /// Writes up to `max_rows` of what is owed; true when nothing is owed any more (the snapshot is closed).
  bool SnapshotSlice(std::uint32_t max_rows);
  bool snapshot_running() const { return snapshot_epoch_ != 0; }

 protected:
  struct SubTable {
    std::uint8_t* headers = nullptr;
    std::byte* rows = nullptr;
    std::uint32_t groups = 0;
    std::uint32_t used = 0;   // live and erased slots
    std::uint32_t limit = 0;  // of used, before it grows
    std::uint32_t live = 0;
  };

  static std::uint8_t TagOf(std::uint64_t hash) {
    return static_cast<std::uint8_t>(0x80 | ((hash >> 40) & 0x7f));
  }
  std::uint32_t SubOf(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(((hash >> 48) - range_.begin) * scale_ >> 16);
  }
  static std::uint32_t GroupOf(std::uint64_t hash, std::uint32_t groups) {
    return static_cast<std::uint32_t>((std::uint64_t{static_cast<std::uint32_t>(hash)} * groups) >>
                                      32);
  }
  /// A slot for a key that is not in the table; grows if needed. The row is dormant: set the key.
  RowRef InsertSlot(std::uint64_t hash);

  std::vector<SubTable> subs_;
  std::uint64_t scale_ = 0;  // 0 while there is one sub-table
  std::uint32_t row_bytes_;
  KeyGroupRange range_;

 private:
  static constexpr std::uint64_t kPrefetchBytes = 192 * 1024;

  void TouchSlow(RowRef ref);
  void Grow(std::uint32_t sub);
  void Split();
  void Allocate(SubTable* sub, std::uint32_t groups);
  void Free(SubTable* sub);
  /// Moves all live rows of `from` into this table's sub-tables and frees it.
  void Redistribute(SubTable from);
  RowRef Place(SubTable* sub, std::uint64_t hash);
  void Charge(std::int64_t bytes);

  RowLayout layout_;
  MemoryAccount* memory_;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t generation_ = 0;
  std::uint8_t epoch_ = 1;
  std::uint8_t snapshot_epoch_ = 0;  // 0: no snapshot is open
  Cursor snapshot_cursor_;
  RowWriter snapshot_writer_;
};

/// The table with its lookups. K is stored at offset 0 of the row.
///
/// For a batch: `Prepare` the hashes of up to 64 rows, then find them one by one.
template <class K>
class KeyedTable : public StateTable {
 public:
  static constexpr std::uint32_t kPrefetchRows = 64;

  using StateTable::StateTable;
  static RowLayout KeyLayout() {
    return RowLayout(ColumnOpsOf<Stored<K>>(),
                     [](const void* key) { return KeyHash(*static_cast<const K*>(key)); });
  }
  static const K& KeyOf(RowRef ref) { return *reinterpret_cast<const K*>(ref.row); }

  RowRef Find(const K& key, std::uint64_t hash) const {
    const SubTable& s = subs_[SubOf(hash)];
    const __m128i tag = _mm_set1_epi8(static_cast<char>(TagOf(hash)));
    std::uint32_t group = GroupOf(hash, s.groups);
    for (;;) {
      std::uint8_t* header = s.headers + std::size_t{group} * kHeaderBytes;
      const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
      auto match = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, tag)));
      while (match != 0) {
        const auto i = static_cast<std::uint32_t>(std::countr_zero(match));
        std::byte* row = s.rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_;
        if (KeyEqual(*reinterpret_cast<const K*>(row), key)) [[likely]] {
          return {row, header + kGroupSlots + i};
        }
        match &= match - 1;
      }
      if (_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_setzero_si128())) != 0) return {};
      group = group + 1 == s.groups ? 0 : group + 1;
    }
  }

  /// The live row with this key hash for which `wanted(row)` holds: for an index that knows hashes only. (Two keys may
  /// share a hash.)
  template <class Wanted>
  RowRef FindByHash(std::uint64_t hash, Wanted wanted) const {
    const SubTable& s = subs_[SubOf(hash)];
    const __m128i tag = _mm_set1_epi8(static_cast<char>(TagOf(hash)));
    std::uint32_t group = GroupOf(hash, s.groups);
    for (;;) {
      std::uint8_t* header = s.headers + std::size_t{group} * kHeaderBytes;
      const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
      auto match = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, tag)));
      for (; match != 0; match &= match - 1) {
        const auto i = static_cast<std::uint32_t>(std::countr_zero(match));
        std::byte* row = s.rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_;
        if (KeyHash(*reinterpret_cast<const K*>(row)) == hash && wanted(row))
          return {row, header + kGroupSlots + i};
      }
      if (_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_setzero_si128())) != 0) return {};
      group = group + 1 == s.groups ? 0 : group + 1;
    }
  }

  /// The row of a key that is absent so far; its other columns are dormant: the caller sets them.
  RowRef Insert(const K& key, std::uint64_t hash) {
    const RowRef ref = InsertSlot(hash);
    StoredSet<K>(ref.row, key);
    return ref;
  }

  /// What Prepare has found out about up to 64 hashes: where their rows probably stand.
  struct Hints {
    std::uint64_t generation =
        ~std::uint64_t{0};  // the table's when they were noted; else they are void
    // Not initialized: written by Prepare.
    std::byte* rows[kPrefetchRows];
    std::uint8_t* flags[kPrefetchRows];
  };

  /// Notes where the rows of `count` hashes probably stand; in a table that outgrows the near caches it fetches them too.
  /// All headers first, then all rows: the loads of different rows do not wait for each other.
  void Prepare(const std::uint64_t* hashes, std::uint32_t count, Hints* hints) const {
    hints->generation = generation();
    if (scale_ == 0 && !wants_prefetch()) {
      PrepareNear(hashes, count, hints);
    } else {
      PrepareFar(hashes, count, hints);
    }
  }
  /// Find, at the noted place first. Inserts and erasures since Prepare are harmless: a place is looked at anew.
  [[gnu::always_inline]] inline RowRef Find(const K& key, std::uint64_t hash, const Hints& hints,
                                            std::uint32_t i) const {
    if (hints.generation == generation()) [[likely]] {
      const RowRef hint{hints.rows[i], hints.flags[i]};
      if (hint.flag[-static_cast<int>(kGroupSlots)] == TagOf(hash) &&
          KeyEqual(*reinterpret_cast<const K*>(hint.row), key)) [[likely]] {
        return hint;
      }
    }
    return Find(key, hash);
  }

 private:
  /// One sub-table in the near caches. Where no tag matches, the group's first slot is noted, which does not match either.
  void PrepareNear(const std::uint64_t* hashes, std::uint32_t count, Hints* hints) const {
    const SubTable& s = subs_[0];
    std::uint8_t* const headers = s.headers;
    std::byte* const rows = s.rows;
    const std::uint32_t groups = s.groups;
    const std::uint32_t row_bytes = row_bytes_;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t hash = hashes[i];
      const std::uint32_t group = GroupOf(hash, groups);
      std::uint8_t* const header = headers + std::size_t{group} * kHeaderBytes;
      const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
      const __m128i tag = _mm_set1_epi8(static_cast<char>(TagOf(hash)));
      const auto match = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, tag)));
      const std::uint32_t first =
          static_cast<std::uint32_t>(std::countr_zero(match | 1U << kGroupSlots)) % kGroupSlots;
      hints->rows[i] = rows + (std::size_t{group} * kGroupSlots + first) * row_bytes;
      hints->flags[i] = header + kGroupSlots + first;
    }
  }

  void PrepareFar(const std::uint64_t* hashes, std::uint32_t count, Hints* hints) const {
    for (std::uint32_t i = 0; i < count; ++i) {
      const SubTable& s = subs_[SubOf(hashes[i])];
      hints->flags[i] = s.headers + std::size_t{GroupOf(hashes[i], s.groups)} * kHeaderBytes;
      __builtin_prefetch(hints->flags[i]);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint8_t* header = hints->flags[i];
      const SubTable& s = subs_[SubOf(hashes[i])];
      const __m128i tag = _mm_set1_epi8(static_cast<char>(TagOf(hashes[i])));
      const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
      auto match = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, tag)));
      const std::size_t group = static_cast<std::size_t>(header - s.headers) / kHeaderBytes;
      std::byte* rows = s.rows + group * kGroupSlots * row_bytes_;
      const std::uint32_t first =
          static_cast<std::uint32_t>(std::countr_zero(match | 1U << kGroupSlots)) % kGroupSlots;
      hints->rows[i] = rows + std::size_t{first} * row_bytes_;
      hints->flags[i] = header + kGroupSlots + first;
      // All rows whose tag matches (one in ten groups has a second), each to its end: a row may span two lines.
      for (; match != 0; match &= match - 1) {
        const std::byte* row =
            rows + static_cast<std::size_t>(std::countr_zero(match)) * row_bytes_;
        __builtin_prefetch(row, 1);
        __builtin_prefetch(row + row_bytes_ - 1, 1);
      }
    }
  }
};

}  // namespace millrace
