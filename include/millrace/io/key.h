#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "millrace/base/hash.h"
#include "millrace/io/codec.h"
#include "millrace/io/compare.h"
#include "millrace/io/record_facts.h"

// The hash of a key decides where its state lives. It is part of the state format and never changed:
// XXH3-64 (seed 0) over the key's canonical bytes, which are the raw bytes of a bare string and the encoding
// (docs/formats/record_codec.md) of everything else. So an int64 and an int32 of the same value are
// different keys, std::string and millrace::String of the same text the same, and -0.0 is 0.0.

namespace millrace {

/// Thrown for a key that equals nothing, not even itself: NaN, or a value with a NaN in it.
class BadKey : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// True when T may be a key: serializable, and equal values have equal bytes (no unordered containers, no
/// foreign types).
template <class K>
inline constexpr bool kIsKey =
    kSerializable<K> && !internal::kFacts<K>.unordered && !internal::kFacts<K>.custom;

#define MILLRACE_NOT_A_KEY \
  "millrace: this type can't be a key: use scalars, strings, pairs, tuples or records of them"

namespace internal {

[[noreturn]] void ThrowNanKey();
/// A scratch buffer of this thread, empty.
ByteWriter& KeyScratch();

template <class T>
bool HasNan(const T& value) {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (!kFacts<T>.floating) {
    return false;
  } else if constexpr (kKind == Kind::kFloat || kKind == Kind::kDouble) {
    return value != value;
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kRecord) {
    return WithMembers(value, [](const auto&... members) { return (HasNan(members) || ...); });
  } else if constexpr (kKind == Kind::kOptional) {
    return value.has_value() && HasNan(*value);
  } else if constexpr (kKind == Kind::kVariant) {
    return std::visit([](const auto& alternative) { return HasNan(alternative); }, value);
  } else {
    for (const auto& element : value) {
      if (HasNan(element)) return true;
    }
    return false;
  }
}

/// The encoding of a key of 4 to 16 fixed bytes in two registers. In memory, members that were stored one by one would be
/// read back in other pieces, which waits until they are in the cache.
class KeyWords {
 public:
  template <class T>
  [[gnu::always_inline]] void Add(const T& value) {
    constexpr Kind kKind = kKindOf<T>;
    if constexpr (IsNumber(kKind)) {
      std::uint64_t bits = 0;
      StoreNumber(reinterpret_cast<char*>(&bits), value);
      Append(bits, kFacts<T>.min_bytes);
    } else if constexpr (kKind == Kind::kArray) {
      for (const auto& element : value) Add(element);
    } else {
      WithMembers(value, [this](const auto&... members)
                             __attribute__((always_inline)) { (this->Add(members), ...); });
    }
  }
  [[gnu::always_inline]] std::uint64_t Hash() const {
    if (size_ <= 8) {
      return Hash4To8(static_cast<std::uint32_t>(first_),
                      static_cast<std::uint32_t>(first_ >> (8 * (size_ - 4))), size_);
    }
    const std::size_t rest = size_ - 8;  // bytes in the second word
    const std::uint64_t last =
        rest == 8 ? second_ : first_ >> (8 * rest) | second_ << (8 * (8 - rest));
    return Hash9To16(first_, last, size_);
  }

 private:
  [[gnu::always_inline]] void Append(std::uint64_t bits, std::size_t bytes) {
    if (size_ < 8) {
      first_ |= bits << (8 * size_);
      if (size_ + bytes > 8) second_ = bits >> (8 * (8 - size_));
    } else {
      second_ |= bits << (8 * (size_ - 8));
    }
    size_ += bytes;
  }

  std::uint64_t first_ = 0, second_ = 0;
  std::size_t size_ = 0;  // known when compiled: every shift is by a constant
};

}  // namespace internal

/// The key's 64-bit hash. Throws BadKey for NaN.
template <class K>
[[gnu::always_inline]] inline std::uint64_t KeyHash(const K& key) {
  constexpr bool kOk = kIsKey<K>;
  static_assert(kOk, MILLRACE_NOT_A_KEY);
  if constexpr (kOk) {
    using internal::kFacts;
    constexpr Kind kKind = internal::kKindOf<K>;
    constexpr std::size_t kMaxStack = 128;
    if constexpr (kFacts<K>.floating) {
      if (internal::HasNan(key)) [[unlikely]]
        internal::ThrowNanKey();
    }
    if constexpr (kKind == Kind::kString || kKind == Kind::kArenaString) {
      return HashBytes(key.data(), key.size());
    } else if constexpr (kFacts<K>.fixed && kFacts<K>.min_bytes == 8) {
      std::uint64_t word = 0;
      internal::StoreFixed(reinterpret_cast<char*>(&word), key);
      return Hash64(word);
    } else if constexpr (kFacts<K>.fixed && kFacts<K>.min_bytes >= 4 && kFacts<K>.min_bytes <= 16) {
      internal::KeyWords words;
      words.Add(key);
      return words.Hash();
    } else if constexpr (kFacts<K>.fixed && kFacts<K>.min_bytes <= kMaxStack) {
      char bytes[kMaxStack];
      internal::StoreFixed(bytes, key);
      return HashBytes(bytes, kFacts<K>.min_bytes);
    } else {
      ByteWriter& scratch = internal::KeyScratch();
      internal::EncodeValue(key, scratch);
      return HashBytes(scratch.data(), scratch.size());
    }
  }
  return 0;
}

/// True for keys of 8 fixed bytes (int64, enums of it, time points, pairs of int32 ...): their hash is Hash64 of one word,
/// so that a column of them can be hashed at once.
template <class K>
inline constexpr bool kIsWordKey =
    kIsKey<K> && internal::kFacts<K>.fixed && internal::kFacts<K>.min_bytes == 8 &&
    !internal::kFacts<K>.floating;
/// The word of such a key: KeyHash(key) == Hash64(KeyWord(key)).
template <class K>
[[gnu::always_inline]] inline std::uint64_t KeyWord(const K& key) {
  std::uint64_t word = 0;
  internal::StoreFixed(reinterpret_cast<char*>(&word), key);
  return word;
}

/// The same for a string key that is at hand as other text.
inline std::uint64_t KeyHashOfText(std::string_view text) {
  return HashBytes(text.data(), text.size());
}

/// The key group of a hash, one of 2^16: the unit in which state is distributed.
constexpr std::uint32_t KeyGroup(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 48);
}

/// The subtask that owns a key group when 2^16 groups are dealt in contiguous, equal ranges.
/// (Flink: KeyGroupRangeAssignment.computeOperatorIndexForKeyGroup with maxParallelism 2^16.)
constexpr std::uint32_t OwnerOfKeyGroup(std::uint32_t group, std::uint32_t parallelism) {
  return (group * parallelism) >> 16;
}

/// True for equal keys (Equal: -0.0 is 0.0).
template <class K>
[[gnu::always_inline]] inline bool KeyEqual(const K& a, const K& b) {
  constexpr bool kOk = kIsKey<K>;
  static_assert(kOk, MILLRACE_NOT_A_KEY);
  if constexpr (kOk) return internal::EqualValue(a, b);
  return false;
}

}  // namespace millrace
