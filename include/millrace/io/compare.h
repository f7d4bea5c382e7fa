#pragma once

#include <compare>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "millrace/io/codec.h"
#include "millrace/io/record_facts.h"

// Equality and order over the field table. They agree with the encoding: -0.0 equals 0.0, a NaN equals every
// NaN and comes after all numbers, so that both relations are total.

namespace millrace {
namespace internal {

template <class T>
std::weak_ordering CompareValue(const T& a, const T& b);
template <class T>
std::weak_ordering CompareContainers(const T& a, const T& b);
template <class T>
std::weak_ordering CompareVariants(const T& a, const T& b);
template <class T>
bool EqualContainers(const T& a, const T& b);

/// The encodings of two values of a kind that has no comparison of its own.
template <class T>
std::weak_ordering CompareEncoded(const T& a, const T& b) {
  ByteWriter left;
  ByteWriter right;
  EncodeValue(a, left);
  EncodeValue(b, right);
  return left.view().compare(right.view()) <=> 0;
}

template <class T>
[[gnu::always_inline]] inline bool EqualValue(const T& a, const T& b) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kFacts<T>.bulk) {
    return std::memcmp(static_cast<const void*>(&a), static_cast<const void*>(&b), sizeof(T)) == 0;
  } else if constexpr (kKind == Kind::kFloat || kKind == Kind::kDouble) {
    return a == b || (a != a && b != b);
  } else if constexpr (IsNumber(kKind) || kKind == Kind::kArenaString) {
    return a == b;
  } else if constexpr (kKind == Kind::kString) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    return AllMembers(a, b, [](const auto& x, const auto& y) { return EqualValue(x, y); });
  } else {
    return EqualContainers(a, b);
  }
}

template <class T>
bool EqualContainers(const T& a, const T& b) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kOptional) {
    return a.has_value() == b.has_value() && (!a.has_value() || EqualValue(*a, *b));
  } else if constexpr (kKind == Kind::kUnorderedMap) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, element] : a) {
      const auto other = b.find(key);
      if (other == b.end() || !EqualValue(element, other->second)) return false;
    }
    return true;
  } else if constexpr (kKind == Kind::kArray || kKind == Kind::kVector) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!EqualValue(a[i], b[i])) return false;
    }
    return true;
  } else {
    return CompareValue(a, b) == 0;
  }
}

template <class T>
std::weak_ordering CompareValue(const T& a, const T& b) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kFloat || kKind == Kind::kDouble) {
    if (a != a || b != b) return (a != a) <=> (b != b);
    return a < b ? std::weak_ordering::less
                 : (b < a ? std::weak_ordering::greater : std::weak_ordering::equivalent);
  } else if constexpr (kKind == Kind::kTimePoint) {
    return a.time_since_epoch().count() <=> b.time_since_epoch().count();
  } else if constexpr (kKind == Kind::kDuration) {
    return a.count() <=> b.count();
  } else if constexpr (IsNumber(kKind)) {
    return a <=> b;
  } else if constexpr (kKind == Kind::kString || kKind == Kind::kArenaString) {
    return std::string_view(a).compare(std::string_view(b)) <=> 0;
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    std::weak_ordering order = std::weak_ordering::equivalent;
    AllMembers(a, b, [&order](const auto& x, const auto& y) {
      order = CompareValue(x, y);
      return order == 0;
    });
    return order;
  } else if constexpr (kKind == Kind::kOptional) {
    if (!a.has_value() || !b.has_value()) return a.has_value() <=> b.has_value();
    return CompareValue(*a, *b);
  } else if constexpr (kKind == Kind::kVariant) {
    return CompareVariants(a, b);
  } else if constexpr (kKind == Kind::kCustom) {
    return CompareEncoded(a, b);
  } else {
    return CompareContainers(a, b);
  }
}

template <class T>
std::weak_ordering CompareContainers(const T& a, const T& b) {
  constexpr Kind kKind = kKindOf<T>;
  auto x = a.begin();
  auto y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if constexpr (kKind == Kind::kMap) {
      const std::weak_ordering order = CompareValue(x->first, y->first);
      if (order != 0) return order;
      const std::weak_ordering element = CompareValue(x->second, y->second);
      if (element != 0) return element;
    } else {
      const std::weak_ordering order = CompareValue(*x, *y);
      if (order != 0) return order;
    }
  }
  return a.size() <=> b.size();
}

template <class T>
std::weak_ordering CompareVariants(const T& a, const T& b) {
  if (a.index() != b.index()) return a.index() <=> b.index();
  std::weak_ordering order = std::weak_ordering::equivalent;
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    ((a.index() == kIndex
          ? (void)(order = CompareValue(*std::get_if<kIndex>(&a), *std::get_if<kIndex>(&b)))
          : void()),
     ...);
  }(std::make_index_sequence<Shape<T>::Elements::kSize>{});
  return order;
}

}  // namespace internal

/// Field by field; does not use the type's own operator==.
template <class T>
inline bool Equal(const T& a, const T& b) {
  constexpr bool kOk = kSerializable<T>;
  static_assert(kOk, MILLRACE_NOT_SERIALIZABLE);
  if constexpr (kOk) return internal::EqualValue(a, b);
  return false;
}

/// Lexicographic in the order of the fields; strings by unsigned bytes, an empty optional first, variants by
/// index first.
template <class T>
inline std::weak_ordering Compare(const T& a, const T& b) {
  constexpr bool kOk = kSerializable<T> && !internal::kFacts<T>.unordered;
  static_assert(kOk,
                "millrace: this type has no order: not serializable, or an unordered_map in it");
  if constexpr (kOk) return internal::CompareValue(a, b);
  return std::weak_ordering::equivalent;
}

}  // namespace millrace
