#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "millrace/io/key.h"
#include "millrace/state/collection_state.h"
#include "millrace/state/expiring_value.h"

namespace millrace {

/// An entry of a map with a time to live: a value at offset 0, and its place in the order of stamps.
template <class MK, class MV>
struct TimedEntry {
  Stored<MV> value{};
  std::int64_t stamp = 0;
  const MK* key = nullptr;  // where the map has it
  TimedEntry* older = nullptr;
  TimedEntry* newer = nullptr;
};

/// The column of a map with a time to live: a standard map, and its entries in the order of their stamps. So it is known at
/// once which has expired, and taking it out costs nothing for those that live.
template <class MK, class MV, template <class, class> class MapOf>
class ExpiringMap {
 public:
  using Entry = TimedEntry<MK, MV>;
  using Map = MapOf<MK, Entry>;

  ExpiringMap() = default;
  ExpiringMap(ExpiringMap&& o) noexcept { swap(o); }
  ExpiringMap& operator=(ExpiringMap&& o) noexcept {
    swap(o);
    return *this;
  }
  void swap(ExpiringMap& o) noexcept {
    map_.swap(o.map_);
    std::swap(oldest_, o.oldest_);
    std::swap(newest_, o.newest_);
  }

  const Map& map() const { return map_; }
  const Entry* oldest() const { return oldest_; }
  const Entry* newest() const { return newest_; }
  Entry* Find(const MK& key) {
    const auto at = map_.find(key);
    return at == map_.end() ? nullptr : &at->second;
  }
  const Entry* Find(const MK& key) const { return const_cast<ExpiringMap*>(this)->Find(key); }
  /// The entry of a key that is not there.
  Entry* Insert(const MK& key, std::int64_t stamp) {
    const auto at = map_.try_emplace(key).first;
    at->second.key = &at->first;
    Link(&at->second, stamp);
    return &at->second;
  }
  void Restamp(Entry* entry, std::int64_t stamp) {
    if (entry->stamp == stamp) return;
    Unlink(entry);
    Link(entry, stamp);
  }
  void Erase(Entry* entry) {
    Unlink(entry);
    map_.erase(map_.find(*entry->key));
  }
  std::size_t held_bytes() const {
    std::size_t bytes = map_.size() * (sizeof(typename Map::value_type) + internal::kNodeBytes);
    if constexpr (requires { map_.bucket_count(); }) bytes += map_.bucket_count() * sizeof(void*);
    for (const auto& [key, entry] : map_) bytes += HeldBytes(key) + HeldBytes(entry.value);
    return bytes;
  }

 private:
  /// In event time a record may come behind one that is later: it passes what is newer.
  void Link(Entry* entry, std::int64_t stamp) {
    entry->stamp = stamp;
    Entry* before = newest_;
    while (before != nullptr && before->stamp > stamp) before = before->older;
    entry->older = before;
    entry->newer = before == nullptr ? oldest_ : before->newer;
    (entry->older == nullptr ? oldest_ : entry->older->newer) = entry;
    (entry->newer == nullptr ? newest_ : entry->newer->older) = entry;
  }
  void Unlink(Entry* entry) {
    (entry->older == nullptr ? oldest_ : entry->older->newer) = entry->newer;
    (entry->newer == nullptr ? newest_ : entry->newer->older) = entry->older;
  }

  Map map_;
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
};

namespace internal {
template <class MK, class MV, template <class, class> class MapOf>
inline constexpr bool kHoldsElements<ExpiringMap<MK, MV, MapOf>> = true;

template <class MK, class Entry>
using HashedMapOf = std::unordered_map<MK, Entry, StateKeyHash<MK>, StateKeyEqual<MK>>;
template <class MK, class Entry>
using SortedMapOf = std::map<MK, Entry>;
}  // namespace internal

/// u32 count, then keys, stamps and values in the order of stamps.
template <class MK, class MV, template <class, class> class MapOf>
struct ColumnCodec<ExpiringMap<MK, MV, MapOf>> {
  using Column = ExpiringMap<MK, MV, MapOf>;
  using Value = ColumnCodec<Stored<MV>>;
  static constexpr bool kExists = kSerializable<MK> && Value::kExists;
  static constexpr bool kBulk = false;

  static void Encode(const Column& column, ByteWriter& out) {
    out.PutCount(column.map().size());
    for (const auto* entry = column.oldest(); entry != nullptr; entry = entry->newer) {
      millrace::Encode(*entry->key, out);
      out.Put(entry->stamp);
      Value::Encode(entry->value, out);
    }
  }
  static bool Decode(ByteReader& in, Column& column) {
    Column().swap(column);
    std::uint32_t count = 0;
    if (!in.GetCount(sizeof(std::int64_t), &count) || count == 0) return false;
    std::int64_t last = INT64_MIN;
    for (; count > 0; --count) {
      MK key{};
      std::int64_t stamp = 0;
      // Out of order, or twice: not written by Encode.
      if (!millrace::Decode(in, key) || !in.Get(&stamp) || stamp < last ||
          column.Find(key) != nullptr)
        return false;
      last = stamp;
      if (!Value::Decode(in, column.Insert(key, stamp)->value)) return false;
    }
    return true;
  }
};

namespace internal {

/// What MapState and SortedMapState with a time to live share.
template <class MK, class MV, template <class, class> class MapOf>
class ExpiringMapBase : public ExpiringMember {
  static_assert(!kHasStringView<MK>,
                "millrace: map state: the map's key (MK) holds a millrace::String, which is a "
                "view; use std::string");

 public:
  using ExpiringMember::ExpiringMember;

  bool Has() const { return !Empty(); }
  bool Empty() const { return !Held() || Hidden(Read().newest()->stamp); }
  /// A walk over what has expired and is not taken out yet.
  std::size_t Size() const {
    if (!Held()) return 0;
    std::size_t hidden = 0;
    for (auto* e = Read().oldest(); e != nullptr && Hidden(e->stamp); e = e->newer) ++hidden;
    return Read().map().size() - hidden;
  }
  bool Contains(const MK& key) const { return Get(key) != nullptr; }
  /// Null when the map has no such key. Valid until the next change.
  const MV* Get(const MK& key) const {
    const Entry* entry = Held() ? Read().Find(key) : nullptr;
    if (entry == nullptr || Hidden(entry->stamp)) return nullptr;
    if (ttl().updates_on_read()) Refresh(entry);
    return &ValueOf(*entry);
  }
  /// Sets the value of a key of the map.
  void Put(const MK& key, const MV& value) {
    std::size_t before = 0;
    bool fresh = false;
    Entry* const entry = Written(key, &before, &fresh);
    StoredSet<MV>(reinterpret_cast<std::byte*>(entry), value);
    Grow(EntryBytes(key, value), before);
  }
  /// The value to be changed in place; begins as MV{}. Valid until user code returns or the key is removed.
  MV& Mutable(const MK& key) {
    static_assert(!kHasStringView<MV>,
                  "millrace: map state: values with millrace::String are changed by Put");
    std::size_t before = 0;
    bool fresh = false;
    MV& value = Written(key, &before, &fresh)->value;
    if (fresh) {
      value = MV{};
      Grow(EntryBytes(key, value), before);
    }
    return value;
  }
  /// True when the key was there. The map's last key takes the state with it.
  bool Erase(const MK& key) {
    if (!Held() || Read().Find(key) == nullptr) return false;
    Column& column = Write();
    Entry* const entry = column.Find(key);
    const bool seen = !Hidden(entry->stamp);
    Drop(column, entry);
    return seen;
  }
  void Clear() {
    if (!Held()) return;
    std::size_t before = 0;
    for (auto* e = Read().oldest(); e != nullptr; e = e->newer)
      before += EntryBytes(*e->key, ValueOf(*e));
    Remove();
    Column().swap(*reinterpret_cast<Column*>(MutableAt()));
    Grow(0, before);
  }
  /// Calls `fn(const MK&, const MV&)` for each entry: in key order in a SortedMapState, in no order in a MapState.
  template <class F>
  void ForEach(F fn) const {
    if (Held()) Visit(Read().map().begin(), [](const auto&) { return true; }, fn);
  }

 protected:
  using Column = ExpiringMap<MK, MV, MapOf>;
  using Entry = typename Column::Entry;

  ExpiringMapBase(StateOwner* owner, std::string name, const char* kind, const Ttl& ttl) {
    SetTtl(ttl);
    owner->RegisterState(this, std::move(name), kind,
                         StateSchema<MK>() + " -> " + StateSchema<MV>(), ColumnOpsOf<Column>(),
                         {ttl, &Next, &Clean});
  }
  const Column& Read() const { return *reinterpret_cast<const Column*>(At()); }
  Column& Write() {
    bool fresh = false;
    Column& column = *reinterpret_cast<Column*>(WritableAt(&fresh));
    if (fresh) Column().swap(column);
    return column;
  }
  void Drop(Column& column, Entry* entry) {
    Grow(0, EntryBytes(*entry->key, ValueOf(*entry)));
    column.Erase(entry);
    if (column.map().empty()) Remove();
  }
  /// The entries that live, from `at` on while `within(key)`.
  template <class At, class Within, class F>
  void Visit(At at, Within within, F& fn) const {
    for (; at != Read().map().end() && within(at->first); ++at) {
      if (Hidden(at->second.stamp)) continue;
      if (ttl().updates_on_read()) Refresh(&at->second);
      fn(at->first, ValueOf(at->second));
    }
  }

 private:
  static const MV& ValueOf(const Entry& entry) {
    return StoredGet<MV>(reinterpret_cast<const std::byte*>(&entry));
  }
  static std::size_t EntryBytes(const MK& key, const MV& value) {
    return sizeof(typename Column::Map::value_type) + kNodeBytes + DynamicBytes(key) +
           DynamicBytes(value);
  }
  static std::int64_t Next(const std::byte* at) {
    return reinterpret_cast<const Column*>(at)->oldest()->stamp;
  }
  static bool Clean(std::byte* at, const Ttl& ttl, std::int64_t now, std::int64_t* freed) {
    constexpr int kAtATime = 64;
    Column& column = *reinterpret_cast<Column*>(at);
    for (int i = 0; i < kAtATime && !column.map().empty(); ++i) {
      Entry* const entry = const_cast<Entry*>(column.oldest());
      if (!ttl.Expired(entry->stamp, now)) break;
      *freed += static_cast<std::int64_t>(EntryBytes(*entry->key, ValueOf(*entry)));
      column.Erase(entry);
    }
    if (!column.map().empty()) return false;
    Column().swap(column);
    return true;
  }
  /// The key's entry, written now; `before`: the bytes that were charged for it.
  Entry* Written(const MK& key, std::size_t* before, bool* fresh) {
    Column& column = Write();
    Entry* entry = column.Find(key);
    *fresh = entry == nullptr;
    if (entry == nullptr) {
      entry = column.Insert(key, Now());
    } else {
      *before = EntryBytes(key, ValueOf(*entry));
      *fresh = Hidden(entry->stamp);
      column.Restamp(entry, std::max(entry->stamp, Now()));
    }
    NoteExpiry(entry->stamp);
    return entry;
  }
  /// What is read and lives was written now.
  void Refresh(const Entry* entry) const {
    if (Expired(entry->stamp)) return;
    Column& column = *reinterpret_cast<Column*>(context_->Writable() + offset_);
    column.Restamp(const_cast<Entry*>(entry), std::max(entry->stamp, Now()));
    NoteExpiry(entry->stamp);
  }
};

}  // namespace internal

/// A map per key whose entries live for some time each. (Flink: MapState with a StateTtlConfig)
///
///   MapState<std::string, Offer, Ttl> offers{this, "offers", Ttl(30min)};
template <class MK, class MV>
class MapState<MK, MV, Ttl> : public internal::ExpiringMapBase<MK, MV, internal::HashedMapOf> {
 public:
  using MapState::ExpiringMapBase::ExpiringMapBase;
  MapState(StateOwner* owner, std::string name)
      : MapState(owner, std::move(name), Ttl(Duration(0))) {
    internal::NeedForever<Ttl, MK>();
  }
  MapState(StateOwner* owner, std::string name, const Ttl& ttl)
      : MapState::ExpiringMapBase(owner, std::move(name), "map", ttl) {}
};

/// A map per key, in key order, whose entries live for some time each.
template <class MK, class MV>
class SortedMapState<MK, MV, Ttl>
    : public internal::ExpiringMapBase<MK, MV, internal::SortedMapOf> {
 public:
  using SortedMapState::ExpiringMapBase::ExpiringMapBase;
  SortedMapState(StateOwner* owner, std::string name)
      : SortedMapState(owner, std::move(name), Ttl(Duration(0))) {
    internal::NeedForever<Ttl, MK>();
  }
  SortedMapState(StateOwner* owner, std::string name, const Ttl& ttl)
      : SortedMapState::ExpiringMapBase(owner, std::move(name), "sorted map", ttl) {}

  /// The smallest and the largest key; null when empty. A walk over what has expired there.
  const MK* First() const {
    if (!this->Held()) return nullptr;
    const auto& map = this->Read().map();
    return FirstSeen(map.begin(), map.end());
  }
  const MK* Last() const {
    if (!this->Held()) return nullptr;
    const auto& map = this->Read().map();
    return FirstSeen(map.rbegin(), map.rend());
  }
  /// Calls `fn(const MK&, const MV&)` for the entries in [from, to), in key order.
  template <class F>
  void ForRange(const MK& from, const MK& to, F fn) const {
    if (!this->Held()) return;
    this->Visit(this->Read().map().lower_bound(from), [&](const MK& key) { return key < to; }, fn);
  }
  /// Erases the entries with keys smaller than `key`; how many there were.
  std::size_t EraseBefore(const MK& key) {
    std::size_t erased = 0;
    while (this->Held()) {
      const auto& first = *this->Read().map().begin();
      if (!(first.first < key)) break;
      auto& column = this->Write();
      auto* const entry = column.Find(first.first);
      erased += this->Hidden(entry->stamp) ? 0 : 1;
      this->Drop(column, entry);
    }
    return erased;
  }

 private:
  template <class At>
  const MK* FirstSeen(At at, At end) const {
    at = std::find_if(at, end, [this](const auto& e) { return !this->Hidden(e.second.stamp); });
    return at == end ? nullptr : &at->first;
  }
};

}  // namespace millrace
