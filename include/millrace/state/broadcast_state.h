#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "millrace/state/collection_state.h"
#include "millrace/state/container_codec.h"
#include "millrace/state/operator_state.h"

namespace millrace {

template <class MK, class MV>
class BroadcastStateWriter;

/// A map that every subtask of an operator has as a whole: made from a broadcast stream, read by the records of another one.
/// It is a member of a (Keyed)BroadcastProcessFunction, read everywhere, and written by `ctx.Write(state)` where a record of
/// the broadcast stream is processed: there every subtask does the same, as long as its function is deterministic. Records of
/// one subtask of the broadcast stream come in the same order everywhere, those of several do not. (Flink: BroadcastState)
///
///   BroadcastState<std::string, Rule> rules{this, "rules"};
///   ...   const Rule* rule = rules.Get(order.item);   ...   ctx.Write(rules).Put(rule.item, rule);
template <class MK, class MV>
class BroadcastState {
  static_assert(
      !kHasStringView<MK>,
      "millrace: broadcast state: the map's key (MK) holds a millrace::String, which is a "
      "view; use std::string");

 public:
  template <class Owner>
  explicit BroadcastState(Owner*) {
    constexpr bool named = !std::is_same_v<Owner, Owner>;
    static_assert(named, "millrace: state needs a name, unique in its function: {this, \"name\"}");
  }
  BroadcastState(OperatorStateOwner* owner, std::string name) {
    owner->RegisterOperatorState(
        this, {0,
               std::move(name),
               "broadcast map",
               internal::StateSchema<MK>() + " -> " + internal::StateSchema<MV>(),
               {&Encode, nullptr, &Decode, &Held},
               false});
  }

  bool Empty() const { return map_.empty(); }
  std::size_t Size() const { return map_.size(); }
  bool Contains(const MK& key) const { return Get(key) != nullptr; }
  /// Null when the map has no such key. Valid until the next change.
  const MV* Get(const MK& key) const {
    const auto at = map_.find(key);
    return at == map_.end() ? nullptr : &ValueOf(at->second);
  }
  /// Calls `fn(const MK&, const MV&)` for each entry, in no order.
  template <class F>
  void ForEach(F fn) const {
    for (const auto& [key, value] : map_) fn(key, ValueOf(value));
  }

  /// Not here: see Write of the context.
  template <class... Args>
  void Put(Args&&...) {
    Refuse<Args...>();
  }
  template <class... Args>
  void Erase(Args&&...) {
    Refuse<Args...>();
  }
  template <class... Args>
  void Clear(Args&&...) {
    Refuse<Args...>();
  }

 private:
  friend class BroadcastStateWriter<MK, MV>;
  using Map =
      std::unordered_map<MK, Stored<MV>, internal::StateKeyHash<MK>, internal::StateKeyEqual<MK>>;

  template <class... Args>
  static void Refuse() {
    constexpr bool written = sizeof...(Args) == SIZE_MAX;
    static_assert(written,
                  "millrace: broadcast state is written by ctx.Write(state), in "
                  "ProcessBroadcastElement");
  }
  static const MV& ValueOf(const Stored<MV>& value) {
    return StoredGet<MV>(reinterpret_cast<const std::byte*>(&value));
  }
  static const Map& MapOf(const void* member) {
    return static_cast<const BroadcastState*>(member)->map_;
  }
  static void Encode(const void* member, ByteWriter& out) {
    ColumnCodec<Map>::Encode(MapOf(member), out);
  }
  static bool Decode(void* member, ByteReader& in) {
    return ColumnCodec<Map>::Decode(in, static_cast<BroadcastState*>(member)->map_);
  }
  static std::size_t Held(const void* member) { return HeldBytes(MapOf(member)); }

  Map map_;
};

/// The broadcast state for a change; given by `ctx.Write(state)` in ProcessBroadcastElement.
template <class MK, class MV>
class BroadcastStateWriter {
 public:
  explicit BroadcastStateWriter(BroadcastState<MK, MV>* state) : map_(&state->map_) {}

  /// Sets the value of a key of the map.
  void Put(const MK& key, const MV& value) {
    StoredSet<MV>(reinterpret_cast<std::byte*>(&(*map_)[key]), value);
  }
  /// The value to be changed in place; begins as MV{}. Valid until user code returns or the key is removed.
  MV& Mutable(const MK& key) {
    static_assert(!kHasStringView<MV>,
                  "millrace: broadcast state: values with millrace::String are changed by Put");
    return (*map_)[key];
  }
  /// True when the key was there.
  bool Erase(const MK& key) { return map_->erase(key) > 0; }
  void Clear() { map_->clear(); }

 private:
  typename BroadcastState<MK, MV>::Map* map_;
};

}  // namespace millrace
