#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "millrace/io/record_types.h"

namespace millrace {
namespace internal {

/// What the hot path and the codec need to know about a type, computed once per type.
struct TypeFacts {
  bool serializable = true;
  bool fixed = true;   // the same number of wire bytes for every value
  bool bulk = false;   // the bytes in memory are the bytes on the wire, and every pattern is valid
  bool pieces = true;  // the same but for gaps, which are not on the wire
  bool arena_string = false;  // holds a millrace::String somewhere
  bool heap = false;          // owns memory: std::string, vector, map, custom
  bool floating = false;
  bool unordered = false;
  bool custom = false;
  bool message = false;       // holds a Protobuf message without millrace/protobuf.h
  std::size_t min_bytes = 0;  // fewest wire bytes of a value; exact when fixed

  constexpr void Join(const TypeFacts& part) {
    serializable &= part.serializable;
    fixed &= part.fixed;
    pieces &= part.pieces;
    arena_string |= part.arena_string;
    heap |= part.heap;
    floating |= part.floating;
    unordered |= part.unordered;
    custom |= part.custom;
    message |= part.message;
  }
};

/// A Protobuf message, as far as can be told without Protobuf's headers.
template <class T>
concept LooksLikeMessage = requires(const T& message) {
  message.GetTypeName();
  message.ByteSizeLong();
  message.SerializeAsString();
};

template <class T>
constexpr TypeFacts ComputeFacts();

template <class T>
inline constexpr TypeFacts kFacts = ComputeFacts<T>();

/// Facts of members that stand side by side.
template <class... Ts>
constexpr TypeFacts FactsOfAll(TypeList<Ts...>*) {
  TypeFacts all;
  ((all.Join(kFacts<Ts>), all.min_bytes += kFacts<Ts>.min_bytes), ...);
  return all;
}

template <class... Ts>
constexpr TypeFacts FactsOfVariant(TypeList<Ts...>*) {
  TypeFacts all;
  std::size_t least = static_cast<std::size_t>(-1);
  ((all.Join(kFacts<Ts>), least = kFacts<Ts>.min_bytes < least ? kFacts<Ts>.min_bytes : least),
   ...);
  all.fixed = all.pieces = false;
  all.min_bytes = 1 + least;
  return all;
}

template <class M>
struct MemberType;
template <class C, class F>
struct MemberType<F C::*> {
  using Type = F;
};
template <auto kMember>
using MemberTypeOf = typename MemberType<decltype(kMember)>::Type;

template <class T, auto... kMembers>
constexpr TypeFacts FactsOfRecord(const FieldList<T, kMembers...>& fields) {
  using Types = TypeList<MemberTypeOf<kMembers>...>;
  TypeFacts all = FactsOfAll(static_cast<Types*>(nullptr));
  all.bulk = std::is_trivially_copyable_v<T> && (kFacts<MemberTypeOf<kMembers>>.bulk && ...);
  std::size_t end = 0;  // no padding, fields named in the order of the struct
  std::size_t i = 0;
  ((all.bulk &= fields.offsets[i++] == end, end += sizeof(MemberTypeOf<kMembers>)), ...);
  all.bulk &= end == sizeof(T);
  return all;
}

/// An owner of elements of unknown number, `head` wire bytes in front.
constexpr TypeFacts FactsOfOwner(TypeFacts element, std::size_t head) {
  element.serializable &= element.min_bytes > 0;  // else a count of 2^32 would need no input
  element.fixed = false;
  element.bulk = element.pieces = false;
  element.min_bytes = head;
  return element;
}

template <class T>
constexpr TypeFacts FactsOfNumber() {
  constexpr Kind kKind = kKindOf<T>;
  TypeFacts f;
  f.min_bytes = kKind == Kind::kEventTime || kKind == Kind::kTimePoint || kKind == Kind::kDuration
                    ? 8
                    : sizeof(T);
  f.floating = kKind == Kind::kFloat || kKind == Kind::kDouble;
  f.bulk = sizeof(T) == f.min_bytes && !f.floating && kKind != Kind::kBool;
  if constexpr (kKind == Kind::kEnum) f = FactsOfNumber<std::underlying_type_t<T>>();
  if constexpr (kKind == Kind::kDuration || kKind == Kind::kTimePoint) {
    f.bulk &= std::is_trivially_copyable_v<T>;
  }
  f.pieces = f.bulk;
  return f;
}

template <class T>
constexpr TypeFacts ComputeFacts() {
  constexpr Kind kKind = kKindOf<T>;
  TypeFacts f;
  if constexpr (kKind == Kind::kUnsupported) {
    f.serializable = f.fixed = f.pieces = false;
    f.heap = !std::is_trivially_copyable_v<T>;
    f.message = LooksLikeMessage<T>;
  } else if constexpr (IsNumber(kKind)) {
    f = FactsOfNumber<T>();
  } else if constexpr (kKind == Kind::kString || kKind == Kind::kArenaString) {
    f.fixed = f.pieces = false;
    f.heap = kKind == Kind::kString;
    f.arena_string = kKind == Kind::kArenaString;
    f.min_bytes = 4;
  } else if constexpr (kKind == Kind::kOptional) {
    f = kFacts<typename Shape<T>::Element>;
    f.fixed = f.bulk = f.pieces = false;
    f.min_bytes = 1;
  } else if constexpr (kKind == Kind::kVariant) {
    f = FactsOfVariant(static_cast<typename Shape<T>::Elements*>(nullptr));
  } else if constexpr (kKind == Kind::kTuple) {
    f = FactsOfAll(static_cast<typename Shape<T>::Elements*>(nullptr));
  } else if constexpr (kKind == Kind::kRecord) {
    f = FactsOfRecord(FieldsOf<T>());
  } else if constexpr (kKind == Kind::kArray) {
    f = kFacts<typename Shape<T>::Element>;
    f.min_bytes *= Shape<T>::kSize;
  } else if constexpr (kKind == Kind::kVector) {
    f = FactsOfOwner(kFacts<typename Shape<T>::Element>, 4);
    f.heap = true;
  } else if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    using Entry = TypeList<typename Shape<T>::Key, typename Shape<T>::Element>;
    f = FactsOfOwner(FactsOfAll(static_cast<Entry*>(nullptr)), 4);
    f.heap = true;
    f.unordered |= kKind == Kind::kUnorderedMap;
  } else if constexpr (kKind == Kind::kCustom) {
    f.fixed = f.pieces = false;
    f.heap = f.custom = true;
    f.min_bytes = 1;
  }
  return f;
}

/// Calls fn(members...) with the members of a record, pair or tuple.
template <class T, class F>
[[gnu::always_inline]] inline decltype(auto) WithMembers(T& value, F&& fn) {
  using R = std::remove_const_t<T>;
  if constexpr (kKindOf<R> == Kind::kRecord) {
    return [&]<auto... kMembers>(FieldList<R, kMembers...>*) -> decltype(auto) {
      return fn(value.*kMembers...);
    }(static_cast<decltype(MillraceRecordOf(RecordTag<R>{}))*>(nullptr));
  } else if constexpr (std::is_same_v<R, std::monostate>) {
    return fn();
  } else {
    return std::apply(fn, value);
  }
}

/// True when fn(member of a, same member of b) is true for all members; stops at the first false.
template <class A, class B, class F>
[[gnu::always_inline]] inline bool AllMembers(A& a, B& b, F&& fn) {
  using R = std::remove_const_t<A>;
  if constexpr (kKindOf<R> == Kind::kRecord) {
    return [&]<auto... kMembers>(FieldList<R, kMembers...>*) {
      return (fn(a.*kMembers, b.*kMembers) && ...);
    }(static_cast<decltype(MillraceRecordOf(RecordTag<R>{}))*>(nullptr));
  } else {
    return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      return (fn(std::get<kIndex>(a), std::get<kIndex>(b)) && ...);
    }(std::make_index_sequence<Shape<R>::Elements::kSize>{});
  }
}

}  // namespace internal

/// True when values of T can be encoded: every part is of a kind listed in record_types.h. Raw pointers,
/// string_view, references, long double, vector<bool> and structs without MILLRACE_RECORD are not.
template <class T>
inline constexpr bool kSerializable = internal::kFacts<T>.serializable;

/// True when the bytes of a T in memory are its encoding, so that arrays of T are copied in one go.
template <class T>
inline constexpr bool kIsBulk = kSerializable<T> && internal::kFacts<T>.bulk;

}  // namespace millrace

#define MILLRACE_NOT_SERIALIZABLE \
  "millrace: this type can't be serialized: add MILLRACE_RECORD or use a supported field type"
