#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "millrace/io/key.h"
#include "millrace/state/container_codec.h"
#include "millrace/state/keyed_state.h"
#include "millrace/state/stored_list.h"
#include "millrace/state/ttl.h"

namespace millrace {

/// The values of a list, in order; valid until the next change. `Element` is what stands in the row: a T is at its offset 0.
template <class T, class Element = Stored<T>>
class ListView {
 public:
  class Iterator {
   public:
    using value_type = T;
    using reference = const T&;
    using pointer = const T*;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    Iterator() = default;
    explicit Iterator(const Element* at) : at_(at) {}
    const T& operator*() const { return StoredGet<T>(reinterpret_cast<const std::byte*>(at_)); }
    const T* operator->() const { return &**this; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Element* at_ = nullptr;
  };

  ListView() = default;
  ListView(const Element* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](std::size_t i) const { return *Iterator(data_ + i); }
  Iterator begin() const { return Iterator(data_); }
  Iterator end() const { return Iterator(data_ + size_); }

 private:
  const Element* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A list per key. (Flink: ListState)
///
///   ListState<Order> open{this, "open"};   ...   for (const Order& o : open.Get()) ...
///
/// With `Ttl` its elements live and expire one by one: millrace/state/expiring_list.h.
template <class T, class Life = Forever>
class ListState : public StateMember {
 public:
  using StateMember::StateMember;
  ListState(StateOwner* owner, std::string name) {
    owner->RegisterState(this, std::move(name), "list", internal::StateSchema<T>(),
                         ColumnOpsOf<List>());
  }
  ListState(StateOwner*, std::string, const Ttl&) { internal::NeedTtl<Life>(); }

  bool Has() const { return Present(); }
  bool Empty() const { return !Present(); }
  std::size_t Size() const { return Present() ? Read().size() : 0; }
  /// The values in the order in which they were added; empty when there are none. Valid until the next change.
  ListView<T> Get() const {
    if (!Present()) return {};
    return {Read().data(), Read().size()};
  }
  /// Puts a value at the end.
  void Add(const T& value) {
    StoredSet<T>(reinterpret_cast<std::byte*>(&Write().emplace_back()), value);
    Grow(sizeof(Stored<T>) + DynamicBytes(value), 0);
  }
  /// Puts a value in the place of the i-th, 0 <= i < Size().
  void Set(std::size_t i, const T& value) {
    MILLRACE_CHECK(i < Size(), "ListState::Set: there is no value at this place");
    Stored<T>& at = Write()[i];
    const std::size_t before = DynamicBytes(StoredGet<T>(reinterpret_cast<std::byte*>(&at)));
    StoredSet<T>(reinterpret_cast<std::byte*>(&at), value);
    Grow(DynamicBytes(value), before);
  }
  /// Puts all values of a range at the end.
  template <class Range>
  void AddAll(const Range& values) {
    for (const T& value : values) Add(value);
  }
  /// Puts these values in the place of the old ones; no values clear the state.
  template <class Range>
  void Update(const Range& values) {
    List fresh;
    for (const T& value : values)
      StoredSet<T>(reinterpret_cast<std::byte*>(&fresh.emplace_back()), value);
    Clear();
    if (fresh.empty()) return;
    List& list = Write();
    list = std::move(fresh);
    Grow(BytesOf(list), 0);
  }
  void Clear() {
    if (!Present()) return;
    const std::size_t before = BytesOf(Read());
    Remove();
    *reinterpret_cast<List*>(MutableAt()) = List();
    Grow(0, before);
  }

 private:
  using List = std::conditional_t<StoredList<T>::kServes, StoredList<T>, std::vector<Stored<T>>>;
  static std::size_t BytesOf(const List& list) {
    std::size_t bytes = list.size() * sizeof(Stored<T>);
    if constexpr (kHasHeap<T> || kHasStringView<T>) {
      for (const auto& value : list)
        bytes += DynamicBytes(StoredGet<T>(reinterpret_cast<const std::byte*>(&value)));
    }
    return bytes;
  }
  const List& Read() const { return *reinterpret_cast<const List*>(At()); }
  List& Write() {
    bool fresh = false;
    List& list = *reinterpret_cast<List*>(WritableAt(&fresh));
    if (fresh) list.clear();
    return list;
  }
};

namespace internal {

template <class K>
struct StateKeyHash {
  std::size_t operator()(const K& key) const { return KeyHash(key); }
};
template <class K>
struct StateKeyEqual {
  bool operator()(const K& a, const K& b) const { return KeyEqual(a, b); }
};

/// What MapState and SortedMapState share. `Map` is a standard map from MK to Stored<MV>.
template <class MK, class MV, class Map>
class MapStateBase : public StateMember {
 public:
  using StateMember::StateMember;

 private:
  static_assert(!kHasStringView<MK>,
                "millrace: map state: the map's key (MK) holds a millrace::String, which is a "
                "view; use std::string");

 public:
  bool Has() const { return Present(); }
  bool Empty() const { return !Present(); }
  std::size_t Size() const { return Present() ? Read().size() : 0; }
  bool Contains(const MK& key) const { return Get(key) != nullptr; }
  /// Null when the map has no such key. Valid until the next change.
  const MV* Get(const MK& key) const {
    if (!Present()) return nullptr;
    const auto at = Read().find(key);
    return at == Read().end() ? nullptr : &ValueOf(at->second);
  }
  /// Sets the value of a key of the map.
  void Put(const MK& key, const MV& value) {
    Map& map = Write();
    const std::size_t entries = map.size();
    Stored<MV>& at = map[key];
    const std::size_t before = map.size() > entries ? 0 : EntryBytes(key, ValueOf(at));
    StoredSet<MV>(reinterpret_cast<std::byte*>(&at), value);
    this->Grow(EntryBytes(key, value), before);
  }
  /// The value to be changed in place; begins as MV{}. Valid until user code returns or the key is removed.
  MV& Mutable(const MK& key) {
    static_assert(!kHasStringView<MV>,
                  "millrace: map state: values with millrace::String are changed by Put");
    Map& map = Write();
    const std::size_t entries = map.size();
    MV& value = map[key];
    if (map.size() > entries) this->Grow(EntryBytes(key, value), 0);
    return value;
  }
  /// True when the key was there. The map's last key takes the state with it.
  bool Erase(const MK& key) {
    if (!Present()) return false;
    Map& map = Write();
    const auto at = map.find(key);
    if (at == map.end()) return false;
    const std::size_t before = EntryBytes(at->first, ValueOf(at->second));
    map.erase(at);
    if (map.empty()) Clear();
    this->Grow(0, before);
    return true;
  }
  void Clear() {
    if (!Present()) return;
    const std::size_t before = BytesOf(Read());
    Remove();
    Map().swap(*reinterpret_cast<Map*>(MutableAt()));
    this->Grow(0, before);
  }
  /// Calls `fn(const MK&, const MV&)` for each entry: in key order in a SortedMapState, in no order in a MapState.
  template <class F>
  void ForEach(F fn) const {
    if (!Present()) return;
    for (const auto& [key, value] : Read()) fn(key, ValueOf(value));
  }

 protected:
  MapStateBase(StateOwner* owner, std::string name, const char* kind) {
    owner->RegisterState(this, std::move(name), kind,
                         StateSchema<MK>() + " -> " + StateSchema<MV>(), ColumnOpsOf<Map>());
  }
  static const MV& ValueOf(const Stored<MV>& value) {
    return StoredGet<MV>(reinterpret_cast<const std::byte*>(&value));
  }
  static std::size_t EntryBytes(const MK& key, const MV& value) {
    return sizeof(typename Map::value_type) + kNodeBytes + DynamicBytes(key) + DynamicBytes(value);
  }
  static std::size_t BytesOf(const Map& map) {
    if constexpr (kHasHeap<MK> || kHasHeap<MV> || kHasStringView<MV>) {
      std::size_t bytes = 0;
      for (const auto& [key, value] : map) bytes += EntryBytes(key, ValueOf(value));
      return bytes;
    } else {
      return map.size() * (sizeof(typename Map::value_type) + kNodeBytes);
    }
  }
  const Map& Read() const { return *reinterpret_cast<const Map*>(this->At()); }
  Map& Write() {
    bool fresh = false;
    Map& map = *reinterpret_cast<Map*>(this->WritableAt(&fresh));
    if (fresh) map.clear();
    return map;
  }
};

}  // namespace internal

/// A map per key. (Flink: MapState)
///
///   MapState<std::string, std::int64_t> bought{this, "bought"};   ...   ++bought.Mutable(order.item);
///
/// With `Ttl` its entries live and expire one by one: millrace/state/expiring_map.h.
template <class MK, class MV, class Life = Forever>
class MapState
    : public internal::MapStateBase<MK, MV,
                                    std::unordered_map<MK, Stored<MV>, internal::StateKeyHash<MK>,
                                                       internal::StateKeyEqual<MK>>> {
 public:
  template <class Owner>
  explicit MapState(Owner* unnamed) : MapState::MapStateBase(unnamed) {}
  MapState(StateOwner* owner, std::string name)
      : MapState::MapStateBase(owner, std::move(name), "map") {}
  MapState(StateOwner* owner, std::string, const Ttl&) : MapState(owner, "") {
    internal::NeedTtl<Life>();
  }
};

/// A map per key that is kept in key order: for values by time, ranges and the first or last entry.
template <class MK, class MV, class Life = Forever>
class SortedMapState : public internal::MapStateBase<MK, MV, std::map<MK, Stored<MV>>> {
 public:
  template <class Owner>
  explicit SortedMapState(Owner* unnamed) : SortedMapState::MapStateBase(unnamed) {}
  SortedMapState(StateOwner* owner, std::string name)
      : SortedMapState::MapStateBase(owner, std::move(name), "sorted map") {}
  SortedMapState(StateOwner* owner, std::string, const Ttl&) : SortedMapState(owner, "") {
    internal::NeedTtl<Life>();
  }

  /// The smallest and the largest key; null when empty.
  const MK* First() const { return this->Present() ? &this->Read().begin()->first : nullptr; }
  const MK* Last() const { return this->Present() ? &this->Read().rbegin()->first : nullptr; }
  /// Calls `fn(const MK&, const MV&)` for the entries in [from, to), in key order.
  template <class F>
  void ForRange(const MK& from, const MK& to, F fn) const {
    if (!this->Present()) return;
    for (auto at = this->Read().lower_bound(from); at != this->Read().end() && at->first < to;
         ++at) {
      fn(at->first, this->ValueOf(at->second));
    }
  }
  /// Erases the entries with keys smaller than `key`; how many there were.
  std::size_t EraseBefore(const MK& key) {
    if (!this->Present() || !(*First() < key)) return 0;
    auto& map = this->Write();
    std::size_t erased = 0, before = 0;
    for (auto at = map.begin(); at != map.end() && at->first < key; ++erased) {
      before += this->EntryBytes(at->first, this->ValueOf(at->second));
      at = map.erase(at);
    }
    if (map.empty()) this->Clear();
    this->Grow(0, before);
    return erased;
  }
};

}  // namespace millrace
