#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "millrace/base/memory.h"
#include "millrace/io/key.h"
#include "millrace/io/value_traits.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/stored.h"
#include "millrace/state/table_snapshot.h"

namespace millrace {

class BlockRegions;
class TextPool;

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
/// Tag 0 is an empty slot, 1 an erased one, 2 to 255 (8 bits of the hash) a live one. A slot's row is always a constructed
/// object; an empty slot's row is dormant and keeps its buffers for the next key.
/// A flag byte is the epoch of the row's last change (1..3, cyclic), or one of two marks that say that a snapshot has
/// written the row since. See docs/formats/state_table.md.
class StateTable {
 public:
  static constexpr std::uint32_t kGroupSlots = 16;
  static constexpr std::uint32_t kSubTables = 512;
  static constexpr std::uint32_t kHeaderBytes = 32;
  static constexpr std::uint8_t kEmpty = 0;
  static constexpr std::uint8_t kErased = 1;
  static constexpr std::uint8_t kLive = 2;  // and above

  /// Up to this many rows there is one sub-table, which fits the first cache levels.
  static constexpr std::uint64_t kSmallRows = 4096;

  StateTable(RowLayout layout, KeyGroupRange range, MemoryAccount* memory);
  ~StateTable();
  StateTable(const StateTable&) = delete;
  StateTable& operator=(const StateTable&) = delete;

  const RowLayout& layout() const { return layout_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t allocated_bytes() const { return bytes_; }
  /// What the live rows hold outside the table, lists and maps: a walk over all of them where there are such. Texts are
  /// counted by the task's TextPool.
  std::uint64_t HeldBytes() const;
  bool empty() const { return size_ == 0; }
  /// True when the rows outgrow the near caches, so that prefetching pays.
  bool wants_prefetch() const { return bytes_ > kPrefetchBytes; }
  /// Brings the rows with the tags of `count` <= 64 hashes into the near caches, and the begin of what they point to, if the
  /// table outgrows them.
  void Fetch(const std::uint64_t* hashes, std::uint32_t count) const;
  /// Changes when rows move to other places (growth) or go: what was found before is void.
  std::uint64_t version() const { return version_; }

  /// Empties the table and keeps its memory; rows become dormant. Shrinks one that was mostly empty.
  void Clear();
  void Erase(RowRef ref) { Erase(ref, layout_.Hash(ref.row)); }
  /// The same where the key's hash is at hand.
  void Erase(RowRef ref, std::uint64_t hash);

  /// A position in a walk over the live rows; a walk is void after an insert.
  struct Cursor {
    std::uint32_t sub = 0;
    std::uint32_t slot = 0;
  };
  /// The next live row, or none at the end. Order: sub-tables (key-group ranges), then slots.
  RowRef Next(Cursor* cursor) const;

  // --- epochs: what a snapshot without a pause rests on (architecture.md, decision 12)

  /// Called before the row changes. Writes a row that an open snapshot still owes, then marks it changed.
  void Touch(RowRef ref) { Touch(ref.row, ref.flag); }
  void Touch([[maybe_unused]] std::byte* row, [[maybe_unused]] std::uint8_t* flag) {
#ifndef MILLRACE_WITHOUT_SNAPSHOTS  // only to measure what an update pays for them
    if (*flag != epoch_) [[unlikely]]
      TouchSlow(row, flag);
#endif
  }
  /// From here on erased keys are kept for the next snapshot. Before the first record.
  void ExpectSnapshots();
  /// Freezes the table for `to`: rows changed since the last snapshot, and all rows of some sub-tables, are owed to it. Each
  /// is given to it once, as it is now, by SnapshotSlice or just before it changes. At most two snapshots are open;
  /// with `whole` every row is owed, whatever the last snapshot has. `to` outlives the snapshot.
  void BeginSnapshot(TableSnapshot* to, bool whole);
  /// Writes about `max_rows` of what is owed to the oldest open snapshot; true when nothing is owed to it any more: it is
  /// closed. True when none is open.
  bool SnapshotSlice(std::uint32_t max_rows);
  bool snapshot_running() const { return open_snapshots_ > 0; }

  // --- for TableRestore

  KeyGroupRange key_groups() const { return range_; }
  bool Owns(std::uint32_t key_group) const {
    return key_group >= range_.begin && key_group < range_.end;
  }
  /// Room for about so many rows, in an empty table: it grows no more until they are there.
  void Reserve(std::uint64_t rows);
  /// The row with the key that stands in `row`, a row of this layout.
  RowRef FindRow(const std::byte* row, std::uint64_t hash) const;
  /// A slot for a key that is not in the table; the caller sets all columns. A snapshot has the row.
  RowRef InsertRestored(std::uint64_t hash) {
    const RowRef ref = InsertSlot(hash);
    *ref.flag = 0;
    return ref;
  }
  /// Ends a restore. The next snapshot builds on those that were restored from, of which `oldest` is the first; without
  /// it the next is whole.
  void EndRestore(std::optional<std::int64_t> oldest);

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
    const auto bits = static_cast<std::uint32_t>(hash >> 40) & 0xff;
    return static_cast<std::uint8_t>(bits < kLive ? std::uint32_t{kLive} : bits);
  }
  /// A bit for each slot of a group that has the hash's tag.
  static std::uint32_t MatchingSlots(const std::uint8_t* header, std::uint64_t hash) {
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
    const __m128i tag = _mm_set1_epi8(static_cast<char>(TagOf(hash)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, tag)));
  }
  /// The lowest of them; 16 when there is none.
  static std::size_t FirstSlot(std::uint32_t slots) {
    return static_cast<std::size_t>(std::countr_zero(slots | 1U << kGroupSlots));
  }
  /// A bit for each empty slot of a group.
  static std::uint32_t EmptySlots(const std::uint8_t* header) {
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_setzero_si128())));
  }
  /// False: a search must go on in the next group.
  static bool HasEmptySlot(const std::uint8_t* header) { return EmptySlots(header) != 0; }
  /// A bit for each live slot of a group.
  static std::uint32_t LiveSlots(const std::uint8_t* header) {
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(header));
    const __m128i least = _mm_set1_epi8(static_cast<char>(kLive));
    return static_cast<std::uint32_t>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(tags, least), tags)));
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
  /// Where rows with the tags of `count` <= 64 hashes stand; a null row where no tag matches in the hash's group.
  void Locate(const std::uint64_t* hashes, std::uint32_t count, std::byte** rows,
              std::uint8_t** flags) const {
    if (scale_ == 0 && !wants_prefetch()) {
      LocateNear(hashes, count, rows, flags);
    } else {
      LocateFar(hashes, count, rows, flags);
    }
  }

  std::vector<SubTable> subs_;
  std::uint64_t scale_ = 0;  // 0 while there is one sub-table
  std::uint32_t row_bytes_;
  KeyGroupRange range_;

 private:
  struct NearProbe;
  static constexpr std::uint64_t kPrefetchBytes = 192 * 1024;

  void LocateNear(const std::uint64_t* hashes, std::uint32_t count, std::byte** rows,
                  std::uint8_t** flags) const;
  void LocateFar(const std::uint64_t* hashes, std::uint32_t count, std::byte** rows,
                 std::uint8_t** flags) const;
  struct Epochs;
  KeyGroupRange GroupsOf(std::uint32_t sub) const;
  /// Marks the sub-tables that snapshot `id` writes whole: all, or those whose changes since they were written whole outgrow
  /// them, longest first, about as many rows as have changed; empty ones; and in turn one that was written long ago.
  void ChooseWhole(std::int64_t id, bool all);
  void WriteOwed(const std::byte* row, std::uint8_t flag);
  void CloseSnapshot();
  void TouchSlow(std::byte* row, std::uint8_t* flag);
  [[gnu::noinline]] void TouchOwed(std::byte* row, std::uint8_t* flag);
  void Grow(std::uint32_t sub);
  void Split();
  void Allocate(SubTable* sub, std::uint32_t groups);
  /// Of a sub-table: its headers, then its rows.
  std::size_t BlockBytes(std::uint32_t groups) const;
  std::byte* AllocateBlock(std::size_t bytes, std::size_t header_bytes);
  void FreeBlock(void* block, std::size_t bytes);
  enum class Rows {
    kAreHere,
    kMoved,  // those that live stand elsewhere now; where bytes are enough to move them, theirs are void
    kLetGo,  // nobody will ask for what they hold
  };
  void Free(SubTable* sub, Rows rows = Rows::kAreHere);
  void DestroyRows(const SubTable& sub, Rows rows);
  /// Moves all live rows of `from` into this table's sub-tables and frees it.
  void Redistribute(SubTable from);
  RowRef Place(SubTable* sub, std::uint64_t hash);
  void Charge(std::int64_t bytes);

  RowLayout layout_;
  MemoryAccount* memory_;
  const TextPool* texts_;  // has what rows hold; null: it is the allocator's
  std::uint64_t size_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t version_ = 0;
  std::uint8_t epoch_ = 1;
  std::uint8_t open_snapshots_ = 0;
  std::unique_ptr<Epochs> epochs_;  // null: no snapshots are expected
  // For blocks that are not the heap's, by their pages; null: there was none so far.
  std::unique_ptr<BlockRegions> regions_[2];
};

/// The table with its lookups. A Stored<K> is at offset 0 of the row.
///
/// For the rows of a batch: a `Block` of them, then `Hit` one by one, and Find where that says no.
template <class K>
class KeyedTable : public StateTable {
 public:
  static constexpr std::uint32_t kPrefetchRows = 64;

  using StateTable::StateTable;
  static RowLayout KeyLayout() {
    return RowLayout(
        ColumnOpsOf<Stored<K>>(),
        [](const void* key) { return KeyHash(KeyAt(static_cast<const std::byte*>(key))); },
        [](const void* a, const void* b) {
          return KeyEqual(KeyAt(static_cast<const std::byte*>(a)),
                          KeyAt(static_cast<const std::byte*>(b)));
        });
  }
  static const K& KeyOf(RowRef ref) { return KeyAt(ref.row); }
  static const K& KeyAt(const std::byte* row) { return StoredGet<K>(row); }

  RowRef Find(const K& key, std::uint64_t hash) const {
    const SubTable& s = subs_[SubOf(hash)];
    std::uint32_t group = GroupOf(hash, s.groups);
    for (;;) {
      std::uint8_t* header = s.headers + std::size_t{group} * kHeaderBytes;
      std::uint32_t match = MatchingSlots(header, hash);
      while (match != 0) {
        const auto i = static_cast<std::uint32_t>(std::countr_zero(match));
        std::byte* row = s.rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_;
        if (KeyEqual(KeyAt(row), key)) [[likely]] {
          return {row, header + kGroupSlots + i};
        }
        match &= match - 1;
      }
      if (HasEmptySlot(header)) return {};
      group = group + 1 == s.groups ? 0 : group + 1;
    }
  }

  /// The live row with this key hash for which `wanted(row)` holds: for an index that knows hashes only. (Two keys may
  /// share a hash.)
  template <class Wanted>
  RowRef FindByHash(std::uint64_t hash, Wanted wanted) const {
    const SubTable& s = subs_[SubOf(hash)];
    std::uint32_t group = GroupOf(hash, s.groups);
    for (;;) {
      std::uint8_t* header = s.headers + std::size_t{group} * kHeaderBytes;
      std::uint32_t match = MatchingSlots(header, hash);
      for (; match != 0; match &= match - 1) {
        const auto i = static_cast<std::uint32_t>(std::countr_zero(match));
        std::byte* row = s.rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_;
        if (KeyHash(KeyAt(row)) == hash && wanted(row)) return {row, header + kGroupSlots + i};
      }
      if (HasEmptySlot(header)) return {};
      group = group + 1 == s.groups ? 0 : group + 1;
    }
  }

  /// The row of a key that is absent so far; its other columns are dormant: the caller sets them.
  RowRef Insert(const K& key, std::uint64_t hash) {
    const RowRef ref = InsertSlot(hash);
    StoredSet<K>(ref.row, key);
    return ref;
  }

  /// The lookups of up to 64 rows of a batch, in two passes: first all places where a row with the hash's tag stands are
  /// noted (and fetched, in a table that outgrows the near caches), then keys are compared one by one. A short pass
  /// keeps many lookups under way at once; in one pass each would wait for the loads of the one before.
  class Block {
   public:
    Block(const KeyedTable& table, const std::uint64_t* hashes, std::uint32_t count)
        : table_(&table), version_(table.version()), count_(count) {
      table.Locate(hashes, count, rows_, flags_);
    }
    /// True when the row of `key`, the block's i-th, is where it was noted: nearly always when it is in the table. Else
    /// ask Find. Call Renew after whatever may have added or erased rows.
    [[gnu::always_inline]] inline bool Hit(const K& key, std::uint32_t i) const {
      return rows_[i] != nullptr && KeyEqual(KeyAt(rows_[i]), key);
    }
    /// When rows have gone or moved, all that was noted is void.
    [[gnu::always_inline]] inline void Renew() {
      if (version_ != table_->version()) [[unlikely]]
        Void();
    }
    RowRef ref(std::uint32_t i) const { return {rows_[i], flags_[i]}; }
    std::byte* row(std::uint32_t i) const { return rows_[i]; }
    std::uint8_t* flag(std::uint32_t i) const { return flags_[i]; }

   private:
    [[gnu::noinline]] void Void() {
      version_ = table_->version();
      for (std::uint32_t i = 0; i < count_; ++i) rows_[i] = nullptr;
      count_ = 0;
    }
    const KeyedTable* table_;
    std::uint64_t version_;
    std::uint32_t count_;
    // Not initialized: written by Locate.
    std::byte* rows_[kPrefetchRows];
    std::uint8_t* flags_[kPrefetchRows];
  };
  RowRef Find(const K& key, std::uint64_t hash, const Block& block, std::uint32_t i) const {
    return block.Hit(key, i) ? block.ref(i) : Find(key, hash);
  }
};

}  // namespace millrace
