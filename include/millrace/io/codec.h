#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "millrace/io/bytes.h"
#include "millrace/io/record.h"
#include "millrace/io/record_facts.h"

// The binary form of records; docs/formats/record_codec.md has the bytes. Not self-describing: a stream of
// records stands behind a header with the fingerprint of its schema (codec_header.h).

namespace millrace {
namespace internal {

template <class T>
[[gnu::always_inline]] inline char* StoreNumber(char* at, const T& value) {
  constexpr Kind kKind = kKindOf<T>;
  const auto put = [at](auto number) {
    std::memcpy(at, &number, sizeof(number));
    return at + sizeof(number);
  };
  if constexpr (kKind == Kind::kEventTime) {
    return put(value.millis());
  } else if constexpr (kKind == Kind::kTimePoint) {
    return put(static_cast<std::int64_t>(value.time_since_epoch().count()));
  } else if constexpr (kKind == Kind::kDuration) {
    return put(static_cast<std::int64_t>(value.count()));
  } else if constexpr (kKind == Kind::kFloat || kKind == Kind::kDouble) {
    return put(value + T{0});  // -0.0 becomes 0.0
  } else {
    return put(value);  // bool, integers, enums
  }
}

template <class T>
[[gnu::always_inline]] inline bool LoadNumber(const char* at, T& value) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kEventTime) {
    std::int64_t millis = 0;
    std::memcpy(&millis, at, sizeof(millis));
    value = EventTime::FromMillis(millis);
  } else if constexpr (kKind == Kind::kTimePoint || kKind == Kind::kDuration) {
    std::int64_t count = 0;
    std::memcpy(&count, at, sizeof(count));
    const auto rep = static_cast<typename Shape<T>::Rep>(count);
    if (static_cast<std::int64_t>(rep) != count) return false;
    using Length = std::chrono::duration<typename Shape<T>::Rep, typename Shape<T>::Period>;
    value = T(Length(rep));
  } else {
    if constexpr (kKind == Kind::kBool || (kKind == Kind::kEnum && !kFacts<T>.bulk)) {
      if (static_cast<unsigned char>(*at) > 1) return false;
    }
    std::memcpy(&value, at, sizeof(value));
  }
  return true;
}

/// Writes a value of fixed wire size; the caller has made room. Returns the end.
template <class T>
[[gnu::always_inline]] inline char* StoreFixed(char* at, const T& value) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kFacts<T>.bulk) {
    std::memcpy(at, static_cast<const void*>(&value), sizeof(T));
    return at + sizeof(T);
  } else if constexpr (IsNumber(kKind)) {
    return StoreNumber(at, value);
  } else if constexpr (kKind == Kind::kArray) {
    for (const auto& element : value) at = StoreFixed(at, element);
    return at;
  } else {
    WithMembers(value, [&at](const auto&... members) { ((at = StoreFixed(at, members)), ...); });
    return at;
  }
}

template <class T>
[[gnu::always_inline]] inline bool LoadFixed(const char*& at, T& value) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kFacts<T>.bulk) {
    std::memcpy(static_cast<void*>(&value), at, sizeof(T));
    at += sizeof(T);
    return true;
  } else if constexpr (IsNumber(kKind)) {
    const bool valid = LoadNumber(at, value);
    at += kFacts<T>.min_bytes;
    return valid;
  } else if constexpr (kKind == Kind::kArray) {
    bool valid = true;
    for (auto& element : value) valid &= LoadFixed(at, element);
    return valid;
  } else {
    bool valid = true;
    WithMembers(value, [&](auto&... members) { ((valid &= LoadFixed(at, members)), ...); });
    return valid;
  }
}

template <class T>
void EncodeDynamic(const T& value, ByteWriter& out);
template <class T>
bool DecodeDynamic(ByteReader& in, T& value);

template <class T>
[[gnu::always_inline]] inline void EncodeValue(const T& value, ByteWriter& out) {
  if constexpr (kFacts<T>.fixed) {
    out.Reserve(kFacts<T>.min_bytes);
    StoreFixed(out.end(), value);
    out.Advance(kFacts<T>.min_bytes);
  } else {
    EncodeDynamic(value, out);
  }
}

template <class T>
[[gnu::always_inline]] inline bool DecodeValue(ByteReader& in, T& value) {
  if constexpr (kFacts<T>.fixed) {
    const char* at = in.Take(kFacts<T>.min_bytes);
    if (at == nullptr) [[unlikely]]
      return false;
    return LoadFixed(at, value) || in.Fail();
  } else {
    return DecodeDynamic(in, value);
  }
}

}  // namespace internal

/// Appends the encoding of `value`. Fails only for strings and containers of 2^32 elements (aborts).
template <class T>
inline void Encode(const T& value, ByteWriter& out) {
  constexpr bool kOk = kSerializable<T>;
  static_assert(kOk, MILLRACE_NOT_SERIALIZABLE);
  if constexpr (kOk) internal::EncodeValue(value, out);
}

/// Reads one value into an existing object, whose strings and vectors keep their capacity;
/// millrace::String takes its bytes from CurrentArena(). False (and `in` failed) when the bytes are no
/// T; `value` is then valid but unspecified. Allocates in proportion to the bytes present, whatever
/// lengths they claim.
template <class T>
inline bool Decode(ByteReader& in, T& value) {
  constexpr bool kOk = kSerializable<T>;
  static_assert(kOk, MILLRACE_NOT_SERIALIZABLE);
  if constexpr (kOk) return internal::DecodeValue(in, value);
  return false;
}

/// `count` values, one after the other, without a count in front.
template <class T>
void EncodeArray(const T* values, std::size_t count, ByteWriter& out) {
  if constexpr (kIsBulk<T>) {
    out.PutBytes(values, count * sizeof(T));
  } else {
    if constexpr (internal::kFacts<T>.fixed) out.Reserve(count * internal::kFacts<T>.min_bytes);
    for (std::size_t i = 0; i < count; ++i) Encode(values[i], out);
  }
}

template <class T>
bool DecodeArray(ByteReader& in, T* values, std::size_t count) {
  if constexpr (kIsBulk<T>) {
    if (count > in.remaining() / sizeof(T)) return in.Fail();
    if (count == 0) return in.ok();
    std::memcpy(static_cast<void*>(values), in.Take(count * sizeof(T)), count * sizeof(T));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      if (!Decode(in, values[i])) return false;
    }
  }
  return in.ok();
}

}  // namespace millrace

#include "millrace/io/codec_dynamic.h"  // the definitions for strings and containers
