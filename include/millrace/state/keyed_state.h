#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/inline.h"
#include "millrace/io/schema.h"
#include "millrace/io/type_info_of.h"
#include "millrace/state/state_expiry.h"
#include "millrace/state/state_meter.h"
#include "millrace/state/state_table.h"

namespace millrace {

namespace internal {

/// State was used, or a timer registered, where there is no key: in Open or Close.
[[noreturn]] void ThrowNoKey();

}  // namespace internal

/// The key at hand and its row; what every state member looks at. Set by the operator before each call of user code.
/// A key's row comes into being with the first write, and goes when no state and no timer of the key is left.
class KeyContext {
 public:
  using InsertFn = RowRef (*)(StateTable&, const void* key, std::uint64_t hash);

  void Bind(StateTable* table, InsertFn insert, std::uint32_t presence_offset, StateMeter* meter) {
    table_ = table;
    meter_ = meter;
    insert_ = insert;
    presence_offset_ = presence_offset;
  }
  /// Where states have a time to live. Outlives this.
  void BindExpiry(StateExpiry* expiry) { expiry_ = expiry; }
  void Set(const void* key, std::uint64_t hash, RowRef ref) {
    key_ = key;
    hash_ = hash;
    ref_ = ref;
    touched_ = false;
  }

  std::uint64_t hash() const { return hash_; }
  RowRef ref() const { return ref_; }
  /// Of an operator that has states with a time to live.
  StateExpiry& expiry() const { return *expiry_; }
  /// Null when the key has no row.
  const std::byte* row() const { return ref_.row; }
  /// The row, made if there is none and marked as changed.
  std::byte* Writable() {
    if (!touched_) {
      if (ref_) {
        table_->Touch(ref_);
      } else {
        if (key_ == nullptr) [[unlikely]]
          internal::ThrowNoKey();
        ref_ = insert_(*table_, key_, hash_);
        Presence() = 0;
        if (expiry_ != nullptr) expiry_->OnInsert(ref_.row);
      }
      touched_ = true;
    }
    return ref_.row;
  }
  /// One bit per state: set when it has a value.
  bool Has(std::uint32_t bit) const {
    return ref_ &&
           (*reinterpret_cast<const std::uint32_t*>(ref_.row + presence_offset_) & bit) != 0;
  }
  std::uint32_t& Presence() {
    return *reinterpret_cast<std::uint32_t*>(ref_.row + presence_offset_);
  }

  /// A state's value has grown (negative: shrunk) by about so many bytes. May throw MemoryExceeded.
  void Grow(std::int64_t bytes) {
    if (meter_ != nullptr) meter_->Grow(bytes);
  }

  /// Called after user code for values whose strings must be made the row's own.
  void OwnLater(void (*own)(std::byte*), std::byte* at);
  /// What the texts of a value that has gone stand in: user code may have views of them until it returns.
  void GiveBackLater(TextBlock block);
  /// After user code.
  void Settle();
  bool owes() const { return owes_; }

 private:
  StateTable* table_ = nullptr;
  StateMeter* meter_ = nullptr;
  InsertFn insert_ = nullptr;
  StateExpiry* expiry_ = nullptr;
  std::uint32_t presence_offset_ = 0;
  const void* key_ = nullptr;
  std::uint64_t hash_ = 0;
  RowRef ref_;
  bool touched_ = false;
  bool owes_ = false;
  std::vector<TextBlock> gone_;
  std::vector<std::pair<void (*)(std::byte*), std::byte*>> own_;
};

class StateOwner;

/// What a state member needs at run time: its column and its bit. Copied with its owner, bound in each subtask.
class StateMember {
 public:
  void BindState(KeyContext* context, std::uint32_t offset, std::uint32_t bit) {
    context_ = context;
    offset_ = offset;
    bit_ = bit;
  }

  // What a state is made with by mistake; the states inherit these.
  template <class Owner>
  explicit StateMember(Owner*) {
    constexpr bool named = !std::is_same_v<Owner, Owner>;
    static_assert(named, "millrace: state needs a name, unique in its function: {this, \"name\"}");
  }
  template <class Owner>
    requires(!std::is_base_of_v<StateOwner, Owner>)
  StateMember(Owner*, const char*) {
    constexpr bool keyed = !std::is_same_v<Owner, Owner>;
    static_assert(keyed, "millrace: state needs a key: KeyBy, then a KeyedProcessFunction");
  }

 protected:
  StateMember() = default;
  ~StateMember() = default;
  StateMember(const StateMember&) = default;
  StateMember& operator=(const StateMember&) = default;

  MILLRACE_INLINE KeyContext& context() const {
    if (context_ == nullptr) [[unlikely]]
      internal::ThrowNoKey();
    return *context_;
  }
  MILLRACE_INLINE bool Present() const { return context().Has(bit_); }
  /// Present, or not to be seen any more (millrace/state/ttl.h).
  bool Held() const { return Present(); }
  const std::byte* At() const { return context().row() + offset_; }
  /// The column of a value that is there, for user code that reads it.
  const std::byte* ReadAt() const { return At(); }
  /// The column for a write; `*fresh` when the state had no value: what stands there is old.
  std::byte* WritableAt(bool* fresh) {
    std::byte* row = context().Writable();
    std::uint32_t& presence = context_->Presence();
    *fresh = (presence & bit_) == 0;
    presence |= bit_;
    return row + offset_;
  }
  /// Takes the state's value away; true when it had one.
  bool Remove() {
    if (!Present()) return false;
    context_->Writable();
    context_->Presence() &= ~bit_;
    return true;
  }
  std::byte* MutableAt() { return context().Writable() + offset_; }
  /// After Remove: what the value, a T, holds outside the row goes when user code returns, if that is texts.
  template <class T>
  void GiveBack() {
    if constexpr (kHasStringView<T>) {
      TextBlock block = reinterpret_cast<OwnedStrings<T>*>(MutableAt())->Release();
      if (block) context_->GiveBackLater(std::move(block));
    }
  }
  /// After a change: the value holds so many bytes more (negative: less) than before.
  void Grow(std::size_t now, std::size_t before) {
    if (now != before)
      context_->Grow(static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before));
  }

  KeyContext* context_ = nullptr;
  std::uint32_t offset_ = 0;
  std::uint32_t bit_ = 0;
};

/// The base of functions with keyed state: knows the state members by name, without running anything. Members
/// register with `{this, "name"}`; a copy of the function keeps the registrations, by their places in the object.
class StateOwner {
 public:
  struct Entry {
    std::ptrdiff_t at = 0;  // of the member, from this base
    std::string name;
    std::string kind;
    std::string schema;
    ColumnOps ops;
    ExpiryOps expiry;  // of states with a time to live
  };

  void RegisterState(StateMember* member, std::string name, const char* kind, std::string schema,
                     const ColumnOps& ops);
  /// With a time to live: it stands in the kind, because the rows have time stamps.
  void RegisterState(StateMember* member, std::string name, const char* kind, std::string schema,
                     const ColumnOps& ops, const ExpiryOps& expiry);
  const std::vector<Entry>& states() const { return entries_; }
  StateMember& member(const Entry& entry) {
    return *reinterpret_cast<StateMember*>(reinterpret_cast<std::byte*>(this) + entry.at);
  }

 private:
  std::vector<Entry> entries_;
};

namespace internal {

template <class T>
std::string StateSchema() {
  constexpr bool ok = kSerializable<T>;
  constexpr bool message = kFacts<T>.message;
  static_assert(!message, "millrace: state: a Protobuf message (T): include millrace/protobuf.h");
  static_assert(ok || message,
                "millrace: state: a value (T) can't be stored: MILLRACE_RECORD(T, fields...)");
  if constexpr (ok) return SchemaText(TypeInfoOf<T>());
  return "";
}

template <class T>
void OwnStored(std::byte* at) {
  StoredOwn<T>(at);
}

}  // namespace internal
}  // namespace millrace
