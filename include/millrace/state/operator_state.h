#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/state/collection_state.h"
#include "millrace/state/keyed_state.h"
#include "millrace/state/stored.h"

namespace millrace {

/// How the elements of an operator's list are dealt out when a job is restored.
enum class Redistribution {
  kSplit,  // each goes to one subtask: as it was at the same parallelism, in turn at another one
  kUnion,  // all go to every subtask, which keeps what it wants
};

/// One subtask among those that restore, and what it reads: the list of one subtask that was there before.
struct OperatorStateShare {
  std::size_t subtask = 0;
  std::size_t parallelism = 1;
  bool all = false;       // every element is its own
  std::size_t dealt = 0;  // elements that were looked at, of all lists so far
  bool Takes() { return (dealt++ % parallelism == subtask) || all; }
};

/// The base of functions with state that belongs to a subtask and not to a key: knows it by name, without running anything, as
/// StateOwner does.
class OperatorStateOwner {
 public:
  /// How one is written into a snapshot, and read back.
  struct Ops {
    void (*encode)(const void* member, ByteWriter& out) = nullptr;
    /// Adds to what is there; false when the bytes are none. Null: see `replace`.
    bool (*add)(void* member, ByteReader& in, OperatorStateShare* share) = nullptr;
    /// Of state that is the same in all subtasks: one of them is enough.
    bool (*replace)(void* member, ByteReader& in) = nullptr;
    std::size_t (*held)(const void* member) = nullptr;  // bytes
  };
  struct Entry {
    std::ptrdiff_t at = 0;  // of the member, from this base
    std::string name;
    std::string kind;
    std::string schema;
    Ops ops;
    bool to_all = false;  // every subtask reads what all had
  };

  void RegisterOperatorState(void* member, Entry entry);
  const std::vector<Entry>& operator_states() const { return entries_; }
  void* operator_state(const Entry& entry) { return reinterpret_cast<std::byte*>(this) + entry.at; }
  /// Bytes that they hold.
  std::size_t HeldByOperatorStates() const;

 private:
  std::vector<Entry> entries_;
};

/// A list that belongs to a subtask of the operator, of any function, keyed or not. What `Open` sees is what was restored.
/// (Flink: CheckpointedFunction with getListState and getUnionListState)
///
///   struct Buffer : ProcessFunction<Order, Order> {
///     OperatorListState<Order> waiting{this, "waiting"};
///     ...
///   };
template <class T>
class OperatorListState {
 public:
  template <class Owner>
  explicit OperatorListState(Owner*) {
    constexpr bool named = !std::is_same_v<Owner, Owner>;
    static_assert(named, "millrace: state needs a name, unique in its function: {this, \"name\"}");
  }
  OperatorListState(OperatorStateOwner* owner, std::string name,
                    Redistribution redistribution = Redistribution::kSplit) {
    const bool to_all = redistribution == Redistribution::kUnion;
    owner->RegisterOperatorState(this, {0,
                                        std::move(name),
                                        to_all ? "operator union list" : "operator list",
                                        internal::StateSchema<T>(),
                                        {&Encode, &AddDecoded, nullptr, &Held},
                                        to_all});
  }

  bool Empty() const { return list_.empty(); }
  std::size_t Size() const { return list_.size(); }
  /// The values in the order in which they were added. Valid until the next change.
  ListView<T> Get() const { return {list_.data(), list_.size()}; }
  /// Puts a value at the end.
  void Add(const T& value) {
    list_.emplace_back();
    StoredSet<T>(reinterpret_cast<std::byte*>(&list_.back()), value);
  }
  /// Puts all values of a range at the end.
  template <class Range>
  void AddAll(const Range& values) {
    for (const T& value : values) Add(value);
  }
  /// Puts these values in the place of the old ones.
  template <class Range>
  void Update(const Range& values) {
    OperatorListState fresh;
    fresh.AddAll(values);  // they may be some of the old ones
    list_ = std::move(fresh.list_);
  }
  void Clear() { std::vector<Stored<T>>().swap(list_); }

 private:
  using Codec = ColumnCodec<Stored<T>>;
  OperatorListState() = default;

  static void Encode(const void* member, ByteWriter& out) {
    const auto& list = static_cast<const OperatorListState*>(member)->list_;
    out.PutCount(list.size());
    for (const Stored<T>& value : list) Codec::Encode(value, out);
  }
  static bool AddDecoded(void* member, ByteReader& in, OperatorStateShare* share) {
    auto& list = static_cast<OperatorListState*>(member)->list_;
    std::uint32_t count = 0;
    if (!in.GetCount(std::max<std::size_t>(internal::kFacts<T>.min_bytes, 1), &count)) return false;
    for (; count > 0; --count) {
      if (!Codec::Decode(in, list.emplace_back())) return false;
      if (!share->Takes()) list.pop_back();
    }
    return true;
  }
  static std::size_t Held(const void* member) {
    return HeldBytes(static_cast<const OperatorListState*>(member)->list_);
  }

  std::vector<Stored<T>> list_;
};

}  // namespace millrace
