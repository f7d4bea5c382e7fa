#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "millrace/io/record_facts.h"

namespace millrace {

/// Bytes of a value in memory.
struct Piece {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

/// True when the encoding of a T is what stands in its memory, piece by piece, and every pattern of them is a value: integers,
/// and records, tuples and arrays of them, whatever gaps there are between.
template <class T>
inline constexpr bool kHasPieces = kSerializable<T> && internal::kFacts<T>.pieces;

/// Adds the pieces of `value`, in the order of its encoding; offsets from `base`.
template <class T>
void AddPieces(const T& value, const std::byte* base, std::vector<Piece>& out) {
  static_assert(kHasPieces<T>);
  if constexpr (internal::kFacts<T>.bulk) {
    const auto* const at = reinterpret_cast<const std::byte*>(&value);
    out.push_back({static_cast<std::uint32_t>(at - base), sizeof(T)});
  } else if constexpr (internal::kKindOf<T> == Kind::kArray) {
    for (const auto& element : value) AddPieces(element, base, out);
  } else {
    internal::WithMembers(value,
                          [&](const auto&... members) { (AddPieces(members, base, out), ...); });
  }
}

}  // namespace millrace
