#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/base/arena.h"
#include "millrace/base/prefetch.h"
#include "millrace/io/record_facts.h"

// What the hot path does with the rows of a batch. Each function is nothing at all for types it does not
// concern. Types that aren't serializable (they live inside a chain only) are moved and copied as usual.

namespace millrace {

/// True when T holds a millrace::String somewhere, whose bytes belong to an arena.
template <class T>
inline constexpr bool kHasStringView = internal::kFacts<T>.arena_string;

/// True when T owns memory somewhere: std::string, vector, map, or a type we can't look into.
template <class T>
inline constexpr bool kHasHeap = internal::kFacts<T>.heap;

namespace internal {

// A map's key is const, but to move the bytes it views changes neither its value nor its order.
template <class T>
std::remove_const_t<T>& Unconst(T& value) {
  return const_cast<std::remove_const_t<T>&>(value);
}

/// libstdc++'s move assignment of strings gives the target's heap buffer to the source, and copies short
/// text; elsewhere do the same by hand.
inline void MoveString(std::string& dst, std::string& src) {
#ifdef __GLIBCXX__
  dst = std::move(src);
#else
  constexpr std::size_t kShort = 15;
  if (src.size() <= kShort) {
    dst.assign(src);
  } else {
    dst.swap(src);
  }
#endif
}

/// Nodes and their pointers, about.
inline constexpr std::size_t kNodeBytes = 32;

template <class T>
std::size_t DynamicBytesOf(const T& value);

}  // namespace internal

/// Calls fn(String&) for each millrace::String in `value`.
template <class T, class F>
inline void ForEachStringView(T& value, F&& fn) {
  constexpr Kind kKind = internal::kKindOf<T>;
  if constexpr (!kHasStringView<std::remove_const_t<T>>) {
    return;
  } else if constexpr (kKind == Kind::kArenaString) {
    fn(value);
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    internal::WithMembers(value,
                          [&fn](auto&... members) { (ForEachStringView(members, fn), ...); });
  } else if constexpr (kKind == Kind::kOptional) {
    if (value.has_value()) ForEachStringView(*value, fn);
  } else if constexpr (kKind == Kind::kVariant) {
    std::visit([&fn](auto& alternative) { ForEachStringView(alternative, fn); }, value);
  } else if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    for (auto& [key, element] : value) {
      ForEachStringView(internal::Unconst(key), fn);
      ForEachStringView(element, fn);
    }
  } else {
    for (auto& element : value) ForEachStringView(element, fn);
  }
}

/// Makes the arena's current chunk hold the bytes of each String in `row` that is not static: what lies elsewhere is copied.
template <class T>
[[gnu::always_inline]] inline void AdoptStrings(T& row, Arena& arena) {
  ForEachStringView(row, [&arena](String& text) {
    if (text.empty() || text.is_static() || arena.OwnsCurrent(text.data())) return;
    char* bytes = arena.Allocate(text.size());
    std::memcpy(bytes, text.data(), text.size());
    text = text.CopiedTo(bytes);
  });
}

/// Begins to bring the bytes that somebody may copy into the near caches.
template <class T>
[[gnu::always_inline]] inline void FetchStrings(const T& row) {
  ForEachStringView(row, [](const String& text) {
    if (text.is_static()) return;
    Prefetch(text.data());
    Prefetch(text.data() + text.size());
  });
}

/// Bytes a value holds outside itself: text, elements of containers. A measure for accounts, not for
/// malloc: spare capacity is not counted. 0 at compile time for flat types.
template <class T>
[[gnu::always_inline]] inline constexpr std::size_t DynamicBytes(const T& value) {
  if constexpr (kHasHeap<T> || kHasStringView<T>) {
    return internal::DynamicBytesOf(value);
  } else {
    return 0;
  }
}

namespace internal {

template <class T>
std::size_t DynamicBytesOf(const T& value) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kString || kKind == Kind::kArenaString) {
    return value.size();
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    return WithMembers(value, [](const auto&... members) {
      return (std::size_t{0} + ... + DynamicBytes(members));
    });
  } else if constexpr (kKind == Kind::kOptional) {
    return value.has_value() ? DynamicBytes(*value) : 0;
  } else if constexpr (kKind == Kind::kVariant) {
    return std::visit([](const auto& alternative) { return DynamicBytes(alternative); }, value);
  } else if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    std::size_t bytes = value.size() * (sizeof(typename T::value_type) + kNodeBytes);
    for (const auto& [key, element] : value) bytes += DynamicBytes(key) + DynamicBytes(element);
    return bytes;
  } else if constexpr (kKind == Kind::kVector || kKind == Kind::kArray) {
    using Element = typename Shape<T>::Element;
    std::size_t bytes = kKind == Kind::kVector ? value.size() * sizeof(Element) : 0;
    if constexpr (kHasHeap<Element> || kHasStringView<Element>) {
      for (const auto& element : value) bytes += DynamicBytes(element);
    }
    return bytes;
  } else if constexpr (requires { RecordCodec<T>::DynamicBytes(value); }) {
    return RecordCodec<T>::DynamicBytes(value);
  } else {
    return 0;
  }
}

}  // namespace internal

namespace internal {

template <class T, std::size_t... kIndex>
void CopyAlternative(T& dst, const T& src, std::index_sequence<kIndex...>);

/// Copies plain bytes word by word. A record is mostly written field by field just before: one wider load over several
/// stores that are still under way stalls until they have reached the cache (measured: 4.5 ns a record), and that is
/// what compilers make of an assignment.
template <class T>
[[gnu::always_inline]] inline void CopyPlain(T& dst, const T& src) {
  if constexpr (kKindOf<T> == Kind::kVariant && sizeof(T) > 32) {
    CopyAlternative(dst, src, std::make_index_sequence<std::variant_size_v<T>>());
  } else if constexpr (sizeof(T) >= 16 && sizeof(T) <= 128 && sizeof(T) % 8 == 0) {
    for (std::size_t i = 0; i < sizeof(T); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, reinterpret_cast<const char*>(&src) + i, 8);
      asm("" : "+r"(word));  // keeps the words apart
      std::memcpy(reinterpret_cast<char*>(&dst) + i, &word, 8);
    }
  } else {
    dst = src;
  }
}
/// The one alternative that is there, not the bytes of the largest.
template <class T, std::size_t... kIndex>
[[gnu::always_inline]] inline void CopyAlternative(T& dst, const T& src,
                                                   std::index_sequence<kIndex...>) {
  const auto copy = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    if (src.index() != I) return false;
    if (dst.index() != I) dst.template emplace<I>();
    CopyPlain(*std::get_if<I>(&dst), *std::get_if<I>(&src));
    return true;
  };
  if (!(copy(std::integral_constant<std::size_t, kIndex>()) || ...)) dst = src;  // without a value
}

}  // namespace internal

/// Moves `src` into `dst` and hands dst's old buffers back to src, field by field, so that rows that take
/// turns stop allocating. Afterwards `src` holds some valid value.
template <class T>
[[gnu::always_inline]] inline void MoveInto(T& dst, T& src) {
  constexpr Kind kKind = internal::kKindOf<T>;
  if constexpr (std::is_trivially_copyable_v<T>) {
    internal::CopyPlain(dst, src);
  } else if constexpr (kKind == Kind::kString) {
    internal::MoveString(dst, src);
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    internal::AllMembers(dst, src, [](auto& to, auto& from) {
      MoveInto(to, from);
      return true;
    });
  } else if constexpr (kKind == Kind::kVector || kKind == Kind::kMap ||
                       kKind == Kind::kUnorderedMap) {
    dst.swap(src);
  } else if constexpr (kKind == Kind::kArray) {
    for (std::size_t i = 0; i < dst.size(); ++i) MoveInto(dst[i], src[i]);
  } else if constexpr (kKind == Kind::kOptional) {
    if (dst.has_value() && src.has_value()) {
      MoveInto(*dst, *src);
    } else {
      dst = std::move(src);
    }
  } else {
    dst = std::move(src);
  }
}

/// Copies `src` into `dst`, whose strings and containers keep their capacity.
template <class T>
[[gnu::always_inline]] inline void CopyInto(T& dst, const T& src) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    internal::CopyPlain(dst, src);
  } else {
    dst = src;
  }
}

template <class T>
std::size_t HeldBytes(const T& value);

namespace internal {

template <class T>
concept TellsHeldBytes = requires(const T& value) { value.held_bytes(); };

/// True when a value may hold any number of elements, so that its memory is worth giving back.
template <class T>
constexpr bool HoldsElements();

template <class... Ts>
constexpr bool AnyHoldsElements(TypeList<Ts...>*) {
  return (HoldsElements<Ts>() || ...);
}
template <class T, auto... kMembers>
constexpr bool AnyHoldsElements(FieldList<T, kMembers...>*) {
  return (HoldsElements<MemberTypeOf<kMembers>>() || ...);
}

template <class T>
constexpr bool HoldsElements() {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kVector || kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    return true;
  } else if constexpr (kKind == Kind::kOptional || kKind == Kind::kArray) {
    return HoldsElements<typename Shape<T>::Element>();
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kVariant) {
    return AnyHoldsElements(static_cast<typename Shape<T>::Elements*>(nullptr));
  } else if constexpr (kKind == Kind::kRecord) {
    return AnyHoldsElements(
        static_cast<decltype(MillraceRecordOf(RecordTag<std::remove_const_t<T>>{}))*>(nullptr));
  } else if constexpr (kKind == Kind::kCustom) {
    return requires(const T& value) { RecordCodec<T>::HeldBytes(value); };
  } else {
    return false;
  }
}

/// The same of whatever stands in a row; specialized for what is no record itself.
template <class T>
inline constexpr bool kHoldsElements = HoldsElements<T>();

/// Bytes of containers: their elements' places, spare ones too, and what those hold.
template <class T>
std::size_t HeldByElements(const T& value) {
  constexpr Kind kKind = kKindOf<T>;
  std::size_t bytes = 0;
  if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    bytes = value.size() * (sizeof(typename T::value_type) + kNodeBytes);
    if constexpr (kKind == Kind::kUnorderedMap) bytes += value.bucket_count() * sizeof(void*);
    for (const auto& [key, element] : value) bytes += HeldBytes(key) + HeldBytes(element);
  } else {
    using Element = typename Shape<T>::Element;
    if constexpr (kKind == Kind::kVector) bytes = value.capacity() * sizeof(Element);
    if constexpr (!std::is_trivially_copyable_v<Element>) {
      for (const Element& element : value) bytes += HeldBytes(element);
    }
  }
  return bytes;
}

}  // namespace internal

/// Bytes that a value has allocated outside itself, spare capacity too: what memory is charged with. (DynamicBytes is
/// the bytes of its content alone.) A walk over its elements. Types with `held_bytes()` know it themselves.
template <class T>
std::size_t HeldBytes(const T& value) {
  constexpr Kind kKind = internal::kKindOf<T>;
  constexpr std::size_t kShort = 15;  // of a string that stands in place
  if constexpr (std::is_trivially_copyable_v<T>) {
    return 0;
  } else if constexpr (internal::TellsHeldBytes<T>) {
    return value.held_bytes();
  } else if constexpr (kKind == Kind::kString) {
    return value.capacity() > kShort ? value.capacity() + 1 : 0;
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    return internal::WithMembers(
        value, [](const auto&... members) { return (std::size_t{0} + ... + HeldBytes(members)); });
  } else if constexpr (kKind == Kind::kOptional) {
    return value.has_value() ? HeldBytes(*value) : 0;
  } else if constexpr (kKind == Kind::kVariant) {
    return std::visit([](const auto& alternative) { return HeldBytes(alternative); }, value);
  } else if constexpr (kKind == Kind::kVector || kKind == Kind::kArray || kKind == Kind::kMap ||
                       kKind == Kind::kUnorderedMap) {
    return internal::HeldByElements(value);
  } else if constexpr (requires { RecordCodec<T>::HeldBytes(value); }) {
    return RecordCodec<T>::HeldBytes(value);
  } else {
    return DynamicBytes(value);
  }
}

}  // namespace millrace
