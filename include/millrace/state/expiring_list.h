#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/state/collection_state.h"
#include "millrace/state/expiring_value.h"

namespace millrace {

template <class S>
struct ColumnCodec<std::vector<Timed<S>>> {
  static constexpr bool kExists = ColumnCodec<S>::kExists;
  static constexpr bool kBulk = false;
  static void Encode(const std::vector<Timed<S>>& list, ByteWriter& out) {
    out.PutCount(list.size());
    for (const auto& element : list) ColumnCodec<Timed<S>>::Encode(element, out);
  }
  static bool Decode(ByteReader& in, std::vector<Timed<S>>& list) {
    std::uint32_t count = 0;
    list.clear();
    if (!in.GetCount(sizeof(std::int64_t), &count) || count == 0) return false;
    for (; count > 0; --count) {
      if (!ColumnCodec<Timed<S>>::Decode(in, list.emplace_back())) return false;
    }
    return true;
  }
};

/// A list per key whose elements live for some time each. They leave from the front: one lives at least as long as those that
/// were added before it. (Flink: ListState with a StateTtlConfig)
///
///   ListState<Order, Ttl> recent{this, "recent", Ttl(10min)};
template <class T>
class ListState<T, Ttl> : public ExpiringMember {
 public:
  using ExpiringMember::ExpiringMember;
  using View = ListView<T, Timed<Stored<T>>>;
  ListState(StateOwner*, std::string) { internal::NeedForever<Ttl, T>(); }
  ListState(StateOwner* owner, std::string name, const Ttl& ttl) {
    SetTtl(ttl);
    owner->RegisterState(this, std::move(name), "list", internal::StateSchema<T>(),
                         ColumnOpsOf<List>(), {ttl, &Next, &Clean});
  }

  bool Has() const { return Size() > 0; }
  bool Empty() const { return Size() == 0; }
  std::size_t Size() const { return Held() ? Read().size() - FirstSeen() : 0; }
  /// The values that live, in the order in which they were added. Valid until the next change.
  View Get() const {
    if (!Held()) return {};
    if (ttl().updates_on_read()) Refresh();
    const std::size_t first = FirstSeen();
    return {Read().data() + first, Read().size() - first};
  }
  /// Puts a value at the end.
  void Add(const T& value) {
    List& list = Write();
    const std::int64_t stamp = list.empty() ? Now() : std::max(list.back().stamp, Now());
    list.emplace_back().stamp = stamp;
    StoredSet<T>(reinterpret_cast<std::byte*>(&list.back()), value);
    Grow(sizeof(Element) + DynamicBytes(value), 0);
    NoteExpiry(stamp);
  }
  /// Puts all values of a range at the end.
  template <class Range>
  void AddAll(const Range& values) {
    for (const T& value : values) Add(value);
  }
  /// Puts these values in the place of the old ones, all written now; no values clear the state.
  template <class Range>
  void Update(const Range& values) {
    List fresh;
    for (const T& value : values) {
      fresh.emplace_back().stamp = Now();
      StoredSet<T>(reinterpret_cast<std::byte*>(&fresh.back()), value);
    }
    Clear();
    if (fresh.empty()) return;
    List& list = Write();
    list = std::move(fresh);
    Grow(BytesOf(list.begin(), list.end()), 0);
    NoteExpiry(list.front().stamp);
  }
  void Clear() {
    if (!Held()) return;
    const std::size_t before = BytesOf(Read().begin(), Read().end());
    Remove();
    List().swap(*reinterpret_cast<List*>(MutableAt()));
    Grow(0, before);
  }

 private:
  using Element = Timed<Stored<T>>;
  using List = std::vector<Element>;  // by stamp

  template <class At>
  static std::size_t BytesOf(At from, At to) {
    std::size_t bytes = static_cast<std::size_t>(to - from) * sizeof(Element);
    if constexpr (kHasHeap<T> || kHasStringView<T>) {
      for (; from != to; ++from)
        bytes += DynamicBytes(StoredGet<T>(reinterpret_cast<const std::byte*>(&*from)));
    }
    return bytes;
  }
  static std::size_t CountExpired(const List& list, const Ttl& ttl, std::int64_t now) {
    const auto lives = [&](const Element& e) { return !ttl.Expired(e.stamp, now); };
    if (list.empty() || lives(list.front())) return 0;
    return static_cast<std::size_t>(
        std::partition_point(list.begin(), list.end(), [&](const auto& e) { return !lives(e); }) -
        list.begin());
  }
  /// What has expired is taken out when it is half of the list: then moving the rest costs no more than the elements have.
  static std::int64_t Next(const std::byte* at) {
    const List& list = *reinterpret_cast<const List*>(at);
    return list[list.size() / 2].stamp;
  }
  static bool Clean(std::byte* at, const Ttl& ttl, std::int64_t now, std::int64_t* freed) {
    List& list = *reinterpret_cast<List*>(at);
    const auto end = list.begin() + static_cast<std::ptrdiff_t>(CountExpired(list, ttl, now));
    *freed += static_cast<std::int64_t>(BytesOf(list.begin(), end));
    list.erase(list.begin(), end);
    if (!list.empty()) return false;
    List().swap(list);
    return true;
  }

  std::size_t FirstSeen() const {
    return ttl().returns_expired() ? 0 : CountExpired(Read(), ttl(), Now());
  }
  /// What is read and lives was written now.
  void Refresh() const {
    const std::size_t first = CountExpired(Read(), ttl(), Now());
    if (first == Read().size()) return;
    List& list = *reinterpret_cast<List*>(context_->Writable() + offset_);
    const std::int64_t stamp = std::max(list.back().stamp, Now());
    for (std::size_t i = first; i < list.size(); ++i) list[i].stamp = stamp;
    NoteExpiry(stamp);
  }
  const List& Read() const { return *reinterpret_cast<const List*>(At()); }
  List& Write() {
    bool fresh = false;
    List& list = *reinterpret_cast<List*>(WritableAt(&fresh));
    if (fresh) list.clear();
    return list;
  }
};

}  // namespace millrace
