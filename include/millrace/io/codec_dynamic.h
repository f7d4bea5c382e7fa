#pragma once

// Part of codec.h: strings, optionals, variants and containers.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "millrace/io/bytes.h"
#include "millrace/io/codec.h"
#include "millrace/io/record_facts.h"

namespace millrace::internal {

bool DecodeString(ByteReader& in, std::string& value);
bool DecodeString(ByteReader& in, String& value);

template <class V, std::size_t... kIndex>
void EncodeVariant(const V& value, ByteWriter& out, std::index_sequence<kIndex...>) {
  MILLRACE_CHECK(!value.valueless_by_exception(), "a variant without a value can't be encoded");
  out.Put(static_cast<std::uint8_t>(value.index()));
  ((value.index() == kIndex ? EncodeValue(*std::get_if<kIndex>(&value), out) : void()), ...);
}

template <std::size_t kIndex, class V>
bool DecodeAlternative(ByteReader& in, V& value) {
  if (value.index() != kIndex) value.template emplace<kIndex>();
  return DecodeValue(in, *std::get_if<kIndex>(&value));
}

template <class V, std::size_t... kIndex>
bool DecodeVariant(ByteReader& in, V& value, std::index_sequence<kIndex...>) {
  std::uint8_t index = 0;
  if (!in.Get(&index)) return false;
  bool valid = false;
  (void)((index == kIndex &&
          (static_cast<void>(valid = DecodeAlternative<kIndex>(in, value)), true)) ||
         ...);
  return valid || in.Fail();
}

template <class T>
bool DecodeOptional(ByteReader& in, T& value) {
  std::uint8_t present = 0;
  if (!in.Get(&present)) return false;
  if (present > 1) return in.Fail();
  if (present == 0) {
    value.reset();
    return true;
  }
  if (!value.has_value()) value.emplace();
  return DecodeValue(in, *value);
}

template <class E>
bool DecodeVector(ByteReader& in, std::vector<E>& value) {
  std::uint32_t count = 0;
  if (!in.GetCount(kFacts<E>.min_bytes, &count)) return false;
  if constexpr (kFacts<E>.fixed) {
    value.resize(count);
    return DecodeArray(in, value.data(), count);
  } else {
    // Grows as elements really arrive: a short encoding can stand for a large object.
    if (value.size() > count) value.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i == value.size()) value.resize(std::min<std::size_t>(count, std::max(i * 2, 16U)));
      if (!DecodeValue(in, value[i])) return false;
    }
    return true;
  }
}

template <class M>
bool DecodeMap(ByteReader& in, M& value) {
  using Key = typename Shape<M>::Key;
  using Element = typename Shape<M>::Element;
  std::uint32_t count = 0;
  value.clear();
  if (!in.GetCount(kFacts<Key>.min_bytes + kFacts<Element>.min_bytes, &count)) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    Key key{};
    Element element{};
    if (!DecodeValue(in, key) || !DecodeValue(in, element)) return false;
    value.emplace_hint(value.end(), std::move(key), std::move(element));
  }
  return value.size() == count || in.Fail();  // else a key came twice
}

template <class T>
void EncodeDynamic(const T& value, ByteWriter& out) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kString) {
    out.PutString(value);
  } else if constexpr (kKind == Kind::kArenaString) {
    out.PutString(value.view());
  } else if constexpr (kKind == Kind::kOptional) {
    out.Put(static_cast<std::uint8_t>(value.has_value()));
    if (value.has_value()) EncodeValue(*value, out);
  } else if constexpr (kKind == Kind::kVariant) {
    EncodeVariant(value, out, std::make_index_sequence<Shape<T>::Elements::kSize>{});
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    WithMembers(value, [&out](const auto&... members) { (EncodeValue(members, out), ...); });
  } else if constexpr (kKind == Kind::kArray) {
    for (const auto& element : value) EncodeValue(element, out);
  } else if constexpr (kKind == Kind::kVector) {
    out.PutCount(value.size());
    EncodeArray(value.data(), value.size(), out);
  } else if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    out.PutCount(value.size());
    for (const auto& [key, element] : value) {
      EncodeValue(key, out);
      EncodeValue(element, out);
    }
  } else {
    static_assert(kKind == Kind::kCustom);
    RecordCodec<T>::Encode(value, out);
  }
}

template <class T>
bool DecodeDynamic(ByteReader& in, T& value) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kString || kKind == Kind::kArenaString) {
    return DecodeString(in, value);
  } else if constexpr (kKind == Kind::kOptional) {
    return DecodeOptional(in, value);
  } else if constexpr (kKind == Kind::kVariant) {
    return DecodeVariant(in, value, std::make_index_sequence<Shape<T>::Elements::kSize>{});
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    return WithMembers(value,
                       [&in](auto&... members) { return (DecodeValue(in, members) && ...); });
  } else if constexpr (kKind == Kind::kArray) {
    return DecodeArray(in, value.data(), value.size());
  } else if constexpr (kKind == Kind::kVector) {
    return DecodeVector(in, value);
  } else if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    return DecodeMap(in, value);
  } else {
    static_assert(kKind == Kind::kCustom);
    return RecordCodec<T>::Decode(in, value) || in.Fail();
  }
}

// Compiled once, in codec.cc.
extern template void EncodeDynamic(const std::string&, ByteWriter&);
extern template void EncodeDynamic(const String&, ByteWriter&);

}  // namespace millrace::internal
