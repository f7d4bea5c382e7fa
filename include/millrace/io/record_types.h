#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/base/string.h"
#include "millrace/base/time.h"
#include "millrace/io/fields.h"

namespace millrace {

/// What a type is on the wire, in a schema and in a text format.
enum class Kind : std::uint8_t {
  kUnsupported,
  kBool,
  kInt8,  // integers by their width: char is kInt8, long is kInt64
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat,
  kDouble,
  kEnum,
  kEventTime,
  kTimePoint,    // std::chrono::system_clock, any unit
  kDuration,     // std::chrono::duration of integers, any unit
  kString,       // std::string
  kArenaString,  // millrace::String
  kOptional,
  kVariant,
  kTuple,  // std::pair, std::tuple, std::monostate (empty)
  kRecord,
  kArray,
  kVector,
  kMap,
  kUnorderedMap,
  kCustom,  // by RecordCodec<T>
};

/// Specialise to make a foreign type serializable (millrace/protobuf.h does it for Protobuf messages):
///
///     template <>
///     struct millrace::RecordCodec<Money> {
///       static std::string SchemaName();                     // part of the schema's text
///       static void Encode(const Money&, ByteWriter&);
///       static bool Decode(ByteReader&, Money&);             // false: the bytes are no Money
///       static void AppendText(const Money&, std::string&);  // for people
///       // If it allocates: bytes of its content, asked for each record; bytes allocated, asked now and then.
///       static std::size_t DynamicBytes(const Money&);
///       static std::size_t HeldBytes(const Money&);
///     };
///
/// Equal values must encode to equal bytes, of at least one byte. Such a type is never a key.
template <class T>
struct RecordCodec;

class ByteWriter;
class ByteReader;

namespace internal {

template <class T>
concept HasRecordCodec =
    requires(const T& value, ByteWriter& out) { RecordCodec<T>::Encode(value, out); };

template <class... Ts>
struct TypeList {
  static constexpr std::size_t kSize = sizeof...(Ts);
};

template <class T>
constexpr Kind ScalarKind() {
  if constexpr (std::is_same_v<T, bool>) {
    return Kind::kBool;
  } else if constexpr (std::is_same_v<T, char>) {
    return Kind::kInt8;
  } else if constexpr (std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
                       std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>) {
    return Kind::kUnsupported;
  } else if constexpr (std::is_integral_v<T>) {
    constexpr int kBase = static_cast<int>(std::is_signed_v<T> ? Kind::kInt8 : Kind::kUInt8);
    if constexpr (sizeof(T) > 8) return Kind::kUnsupported;
    return static_cast<Kind>(kBase + std::bit_width(sizeof(T)) - 1);
  } else if constexpr (std::is_same_v<T, float>) {
    return Kind::kFloat;
  } else if constexpr (std::is_same_v<T, double>) {
    return Kind::kDouble;
  } else if constexpr (std::is_enum_v<T>) {
    return Kind::kEnum;
  } else if constexpr (HasRecordCodec<T>) {
    return Kind::kCustom;
  } else if constexpr (std::is_class_v<T> && kIsRecord<T>) {
    return Kind::kRecord;
  } else {
    return Kind::kUnsupported;
  }
}

/// The kind of a type, and the types it is made of. The one list of supported types.
template <class T>
struct Shape {
  static constexpr Kind kKind = ScalarKind<T>();
};
template <>
struct Shape<std::string> {
  static constexpr Kind kKind = Kind::kString;
};
template <>
struct Shape<String> {
  static constexpr Kind kKind = Kind::kArenaString;
};
template <>
struct Shape<EventTime> {
  static constexpr Kind kKind = Kind::kEventTime;
};
template <class R, class P>
struct Shape<std::chrono::duration<R, P>> {
  static constexpr Kind kKind =
      std::is_integral_v<R> && sizeof(R) <= 8 ? Kind::kDuration : Kind::kUnsupported;
  using Rep = R;
  using Period = P;
};
template <class D>
struct Shape<std::chrono::time_point<std::chrono::system_clock, D>> {
  static constexpr Kind kKind =
      Shape<D>::kKind == Kind::kDuration ? Kind::kTimePoint : Kind::kUnsupported;
  using Rep = typename D::rep;
  using Period = typename D::period;
};
template <class E>
struct Shape<std::optional<E>> {
  static constexpr Kind kKind = Kind::kOptional;
  using Element = E;
};
template <class... Ts>
struct Shape<std::variant<Ts...>> {
  static constexpr Kind kKind = sizeof...(Ts) <= 255 ? Kind::kVariant : Kind::kUnsupported;
  using Elements = TypeList<Ts...>;
};
template <>
struct Shape<std::monostate> {
  static constexpr Kind kKind = Kind::kTuple;
  using Elements = TypeList<>;
};
template <class A, class B>
struct Shape<std::pair<A, B>> {
  static constexpr Kind kKind = Kind::kTuple;
  using Elements = TypeList<A, B>;
};
template <class... Ts>
struct Shape<std::tuple<Ts...>> {
  static constexpr Kind kKind = Kind::kTuple;
  using Elements = TypeList<Ts...>;
};
template <class E, std::size_t kCount>
struct Shape<std::array<E, kCount>> {
  static constexpr Kind kKind = Kind::kArray;
  static constexpr std::size_t kSize = kCount;
  using Element = E;
};
template <class E>
struct Shape<std::vector<E>> {
  // vector<bool> has no addressable elements: use vector<std::uint8_t>.
  static constexpr Kind kKind = std::is_same_v<E, bool> ? Kind::kUnsupported : Kind::kVector;
  using Element = E;
};
template <class K, class V, class C, class A>
struct Shape<std::map<K, V, C, A>> {
  static constexpr Kind kKind = Kind::kMap;
  using Key = K;
  using Element = V;
};
template <class K, class V, class H, class E, class A>
struct Shape<std::unordered_map<K, V, H, E, A>> {
  static constexpr Kind kKind = Kind::kUnorderedMap;
  using Key = K;
  using Element = V;
};

template <class T>
inline constexpr Kind kKindOf = Shape<std::remove_const_t<T>>::kKind;

/// Kinds that are one fixed-width number on the wire.
constexpr bool IsNumber(Kind k) {
  return k >= Kind::kBool && k <= Kind::kDuration;
}
constexpr bool IsInteger(Kind k) {
  return k >= Kind::kInt8 && k <= Kind::kUInt64;
}

}  // namespace internal
}  // namespace millrace
