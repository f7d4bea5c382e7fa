#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/base/prefetch.h"
#include "millrace/operators/collector.h"
#include "millrace/operators/window/chunked_vector.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// One key of a sliding window operator. `front` and `back` are derived from the panes' entries: with aggregates that
/// can be subtracted `back` is the running total and `front` is not used; with others they are the two stacks of a
/// queue (see SlidingWindowOperator).
template <class K, class Acc, bool kStacks>
struct SlidingSlot {
  struct Nothing {};
  Stored<K> key{};
  std::uint64_t hash = 0;
  Stored<Acc> back{};
  [[no_unique_address]] std::conditional_t<kStacks, Stored<Acc>, Nothing> front{};
  std::uint32_t back_entries = 0;
  std::uint32_t front_entries = 0;
  std::uint32_t entries = 0;  // in all panes; without any the key is forgotten

  std::uint32_t in_window() const { return back_entries + front_entries; }
};

/// What one key has collected in one pane. A key may have several entries in a pane that was left and come back to, or
/// sealed; they add up.
template <class Acc, bool kStacks>
struct SlidingEntry {
  struct Nothing {};
  std::uint32_t slot = 0;
  Stored<Acc> acc{};
  /// Two stacks: the slot's front without this entry and those before it.
  [[no_unique_address]] std::conditional_t<kStacks, Stored<Acc>, Nothing> rest{};
};

/// What stands beside a key in the table: all that adding a record needs. The entries are those of the panes that take
/// records now, by the pane's number modulo 2.
template <class Entry>
struct SlidingKey {
  Entry* open[2];
  std::uint32_t
      pane[2];  // serials of the panes that they are in: of another one the pointer is old
  std::uint32_t slot;
};

/// Where the entries of a slot stand in a pane's log.
class SlotIndex {
 public:
  struct Place {
    std::uint32_t slot;
    std::uint32_t entry;
  };
  void Add(std::uint32_t slot, std::uint32_t entry);
  void Sort();
  void Clear();
  /// The slot's first entry; null when it has none.
  const Place* Find(std::uint32_t slot) const;
  /// The one after it, of the same slot.
  const Place* Next(const Place* at) const;
  std::size_t held_bytes() const { return places_.capacity() * sizeof(Place); }

 private:
  std::vector<Place> places_;
};

/// A pane: a log of entries, and for late records an index over it, made when first asked for.
template <class Acc, bool kStacks>
struct SlidingPane {
  std::int64_t start = 0;
  std::uint32_t serial = 0;  // another one after each Clear and Seal
  ChunkedVector<SlidingEntry<Acc, kStacks>> log;
  SlotIndex index;
  std::uint32_t indexed = 0;

  /// Calls `fn(entry)` for the entries of a slot, in order.
  template <class Fn>
  void ForSlot(std::uint32_t slot, Fn fn) {
    if (log.size() - indexed > kUnindexed) {
      index.Clear();
      for (std::uint32_t i = 0; i < log.size(); ++i) index.Add(log[i].slot, i);
      index.Sort();
      indexed = log.size();
    }
    for (const auto* at = index.Find(slot); at != nullptr; at = index.Next(at)) fn(log[at->entry]);
    for (std::uint32_t i = indexed; i < log.size(); ++i) {
      if (log[i].slot == slot) fn(log[i]);
    }
  }
  void Clear() {
    log.Clear();
    index.Clear();
    indexed = 0;
  }

 private:
  static constexpr std::uint32_t kUnindexed = 64;
};

/// The keys and panes of a sliding window operator. Keys have a number (slot), so that entries need no key and no
/// lookup: closing and dropping a pane is a walk over its log.
template <class K, class Acc, bool kStacks>
class SlidingStore {
 public:
  using Slot = SlidingSlot<K, Acc, kStacks>;
  using Entry = SlidingEntry<Acc, kStacks>;
  using Pane = SlidingPane<Acc, kStacks>;
  using Key = SlidingKey<Entry>;
  using Table = KeyedTable<K>;

  SlidingStore(KeyGroupRange range, MemoryAccount* memory) : memory_(memory) {
    RowLayout layout = Table::KeyLayout();
    key_offset_ = layout.AddColumn(ColumnOpsOf<Key>());
    table_ = std::make_unique<Table>(std::move(layout), range, memory);
  }
  ~SlidingStore() {
    if (memory_ != nullptr) memory_->Charge(MemoryUse::kState, -charged_);
  }
  SlidingStore(const SlidingStore&) = delete;
  SlidingStore& operator=(const SlidingStore&) = delete;

  std::uint64_t TableBytes() const {
    return table_->allocated_bytes() + static_cast<std::uint64_t>(charged_);
  }
  /// What slots and entries hold outside themselves. A walk over all of them unless they are plain bytes.
  std::uint64_t HeldBytes() const {
    std::uint64_t bytes = table_->HeldBytes() + free_.capacity() * sizeof(free_[0]);
    if constexpr (!std::is_trivially_copyable_v<Stored<K>> ||
                  !std::is_trivially_copyable_v<Stored<Acc>>) {
      for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        bytes += millrace::HeldBytes(slots_[i].key) + millrace::HeldBytes(slots_[i].back);
        if constexpr (kStacks) bytes += millrace::HeldBytes(slots_[i].front);
      }
      for (const auto& pane : panes_) bytes += HeldBy(*pane);
    }
    return bytes;
  }

  Table& table() { return *table_; }
  const Table& table() const { return *table_; }
  std::uint32_t slots() const { return slots_.size(); }
  Slot& slot(std::uint32_t id) { return slots_[id]; }
  MILLRACE_INLINE void PrefetchSlot(std::uint32_t id) {
    const char* at = reinterpret_cast<const char*>(&slots_[id]);
    PrefetchToWrite(at);
    PrefetchToWrite(at + sizeof(Slot) - 1);
  }
  /// True when the slots outgrow the near caches, so that prefetching pays.
  bool wants_prefetch() const { return slots_.size() > kPrefetchBytes / sizeof(Slot); }
  const K& KeyOf(const Slot& slot) const {
    return StoredGet<K>(reinterpret_cast<const std::byte*>(&slot.key));
  }

  /// What stands beside the key, which is added if it is new. Valid until the next key is added.
  [[gnu::noinline]] Key& FindOrAdd(const K& key, std::uint64_t hash) {
    const RowRef ref = table_->Find(key, hash);
    return ref ? KeyAt(ref.row) : AddSlot(key, hash);
  }
  Key& KeyAt(std::byte* row) { return *reinterpret_cast<Key*>(row + key_offset_); }

  std::size_t panes() const { return panes_.size(); }
  Pane& pane(std::size_t i) { return *panes_[i]; }
  /// The first pane that starts at `start` or later.
  std::size_t LowerBound(std::int64_t start) const {
    std::size_t i = panes_.size();
    if (i > 8 && panes_[i - 8]->start >= start) {
      const auto at =
          std::lower_bound(panes_.begin(), panes_.end(), start,
                           [](const auto& pane, std::int64_t s) { return pane->start < s; });
      return static_cast<std::size_t>(at - panes_.begin());
    }
    while (i > 0 && panes_[i - 1]->start >= start) --i;  // the newest panes are asked for most
    return i;
  }
  Pane& FindOrCreatePane(std::int64_t start) {
    const std::size_t i = LowerBound(start);
    if (i < panes_.size() && panes_[i]->start == start) return *panes_[i];
    std::unique_ptr<Pane> pane;
    if (spare_.empty()) {
      pane = std::make_unique<Pane>();
    } else {
      pane = std::move(spare_.back());
      spare_.pop_back();
    }
    pane->start = start;
    pane->serial = ++last_serial_;
    return **panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(i), std::move(pane));
  }
  /// The entries that the pane has do not change any more: its keys get new ones.
  void Seal(Pane& pane) { pane.serial = ++last_serial_; }
  /// The entries of a pane that stays have been released.
  void Clear(Pane& pane) {
    pane.Clear();
    pane.serial = ++last_serial_;
  }
  /// Its entries must have been released.
  void DropFront() {
    std::unique_ptr<Pane> pane = std::move(panes_.front());
    panes_.pop_front();
    const auto before = static_cast<std::int64_t>(pane->log.allocated_bytes());
    pane->Clear();
    if (spare_.size() < kSpare) {
      Charge(static_cast<std::int64_t>(pane->log.allocated_bytes()) - before);
      spare_.push_back(std::move(pane));
    } else {
      Charge(-before);
    }
  }

  /// A new entry of a key in a pane; its open entry from now on.
  Entry& AddEntry(Pane& pane, std::uint32_t way, Key& key) {
    const std::uint64_t before = pane.log.allocated_bytes();
    ++slots_[key.slot].entries;
    Entry& entry = pane.log.Append();
    entry.slot = key.slot;
    key.open[way] = &entry;
    key.pane[way] = pane.serial;
    if (pane.log.allocated_bytes() != before) [[unlikely]] {
      Charge(static_cast<std::int64_t>(pane.log.allocated_bytes() - before));
    }
    return entry;
  }
  /// One entry of the slot has gone.
  void Release(std::uint32_t id) {
    if (--slots_[id].entries == 0) Forget(id);
  }
  /// Nothing is left of the slot's key. Keys go in blocks, so that the cache misses of their rows do not wait for each
  /// other; until then a record may bring one back.
  void Forget(std::uint32_t id) {
    going_.push_back(id);
    if (going_.size() == Table::kPrefetchRows) ForgetAll();
  }
  /// Forgets what still waits for its block.
  void ForgetAll() {
    if (going_.empty()) return;
    std::uint64_t hashes[Table::kPrefetchRows];
    for (std::size_t i = 0; i < going_.size(); ++i) hashes[i] = slots_[going_[i]].hash;
    const auto count = static_cast<std::uint32_t>(going_.size());
    const typename Table::Block block(*table_, hashes, count);
    for (std::uint32_t i = 0; i < count; ++i) {
      Slot& s = slots_[going_[i]];
      if (s.entries != 0) continue;  // it came back, or stands here twice
      // What was noted holds: erasing moves no other row.
      table_->Erase(table_->Find(KeyOf(s), s.hash, block, i), s.hash);
      s.entries = kGone;
      free_.push_back(going_[i]);
    }
    going_.clear();
  }

 private:
  static constexpr std::size_t kSpare = 4;
  static constexpr std::uint32_t kGone = ~std::uint32_t{0};  // entries of a slot without a key
  static constexpr std::size_t kPrefetchBytes = 192 * 1024;

  static std::uint64_t HeldBy(const Pane& pane) {
    std::uint64_t bytes = pane.index.held_bytes();
    for (std::uint32_t i = 0; i < pane.log.size(); ++i) {
      bytes += millrace::HeldBytes(pane.log[i].acc);
      if constexpr (kStacks) bytes += millrace::HeldBytes(pane.log[i].rest);
    }
    return bytes;
  }
  Key& AddSlot(const K& key, std::uint64_t hash) {
    std::uint32_t id = 0;
    if (!free_.empty()) {
      id = free_.back();
      free_.pop_back();
    } else {
      const std::uint64_t before = slots_.allocated_bytes();
      id = slots_.size();
      slots_.Append();
      Charge(static_cast<std::int64_t>(slots_.allocated_bytes() - before));
    }
    Slot& s = slots_[id];
    StoredSet<K>(reinterpret_cast<std::byte*>(&s.key), key);
    s.hash = hash;
    s.back_entries = s.front_entries = s.entries = 0;
    Key& column = KeyAt(table_->Insert(key, hash).row);
    column = {{nullptr, nullptr}, {0, 0}, id};  // a pane's serial is never 0
    return column;
  }
  void Charge(std::int64_t bytes) {
    charged_ += bytes;
    if (memory_ == nullptr || bytes == 0) return;
    memory_->Charge(MemoryUse::kState, bytes);
    if (bytes > 0) memory_->RequireRoom(MemoryUse::kState, 0);
  }

  MemoryAccount* memory_;
  std::int64_t charged_ = 0;
  std::uint32_t key_offset_ = 0;
  std::uint32_t last_serial_ = 0;
  std::unique_ptr<Table> table_;
  ChunkedVector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> going_;  // without entries; at most a block
  std::deque<std::unique_ptr<Pane>> panes_;
  std::vector<std::unique_ptr<Pane>> spare_;
};

}  // namespace millrace
