#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/string.h"
#include "millrace/io/value_traits.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/text_pool.h"

namespace millrace {

/// A value that keeps the bytes of its `millrace::String`s itself: what a record's arena holds dies with the
/// batch, state does not. The block is kept when the value changes, so that updates allocate nothing.
template <class T>
class OwnedStrings {
 public:
  OwnedStrings() = default;
  OwnedStrings(OwnedStrings&& o) noexcept : value_(o.value_), block_(std::move(o.block_)) {
    o.value_ = T();
  }
  OwnedStrings& operator=(OwnedStrings&& o) noexcept {
    std::swap(value_, o.value_);
    block_ = std::move(o.block_);
    return *this;
  }
  OwnedStrings(const OwnedStrings& o) { Set(o.value_); }
  OwnedStrings& operator=(const OwnedStrings& o) {
    if (this != &o) Set(o.value_);
    return *this;
  }

  const T& get() const { return value_; }
  std::size_t held_bytes() const { return block_.capacity() + HeldBytes(value_); }
  /// May be changed by the caller, who calls Own() afterwards.
  T& mutable_value() { return value_; }
  void Set(const T& value) {
    CopyInto(value_, value);
    Own();
  }
  /// Copies every string that lies elsewhere into the block.
  void Own() {
    std::size_t bytes = 0;
    bool foreign = false, inside = false;
    ForEachStringView(value_, [&](String& s) {
      bytes += s.size();
      if (s.empty()) return;
      const bool owns = block_.Owns(s.data());
      foreign |= !owns;
      inside |= owns;
    });
    if (!foreign) return;
    // In place when it fits and no string lies in the block already; else into a second one.
    if (!inside && bytes <= block_.capacity()) return CopyTo(block_.data());
    TextBlock fresh = TextBlock::Of(std::max<std::size_t>(bytes, block_.capacity()));
    CopyTo(fresh.data());
    block_ = std::move(fresh);
  }

 private:
  void CopyTo(char* at) {
    ForEachStringView(value_, [&](String& s) {
      std::memcpy(at, s.data(), s.size());
      s = s.CopiedTo(at);
      at += s.size();
    });
  }

  T value_{};
  TextBlock block_;
};

namespace internal {
template <class T>
inline constexpr bool kHoldsElements<OwnedStrings<T>> = kHoldsElements<T>;
}  // namespace internal

template <class T>
inline constexpr bool kMovesAsBytes<OwnedStrings<T>> = kIsBytes<T>;

template <class T>
struct ColumnCodec<OwnedStrings<T>> {
  static constexpr bool kExists = kSerializable<T>;
  static constexpr bool kBulk = false;
  static void Encode(const OwnedStrings<T>& value, ByteWriter& out) {
    millrace::Encode(value.get(), out);
  }
  static bool Decode(ByteReader& in, OwnedStrings<T>& value) {
    if (!millrace::Decode(in, value.mutable_value())) return false;
    value.Own();
    return true;
  }
};

template <class T>
struct ColumnCodec<std::vector<OwnedStrings<T>>> {
  static constexpr bool kExists = kSerializable<T>;
  static constexpr bool kBulk = false;
  static void Encode(const std::vector<OwnedStrings<T>>& list, ByteWriter& out) {
    out.PutCount(list.size());
    for (const auto& value : list) ColumnCodec<OwnedStrings<T>>::Encode(value, out);
  }
  static bool Decode(ByteReader& in, std::vector<OwnedStrings<T>>& list) {
    std::uint32_t count = 0;
    list.clear();
    if (!in.GetCount(std::max<std::size_t>(internal::kFacts<T>.min_bytes, 1), &count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!ColumnCodec<OwnedStrings<T>>::Decode(in, list.emplace_back())) return false;
    }
    return true;
  }
};

/// How a value of type T stands in a row: itself, or with the bytes of its strings. T is at offset 0.
template <class T>
using Stored = std::conditional_t<kHasStringView<T>, OwnedStrings<T>, T>;

template <class T>
inline const T& StoredGet(const std::byte* at) {
  if constexpr (kHasStringView<T>) {
    return reinterpret_cast<const OwnedStrings<T>*>(at)->get();
  } else {
    return *reinterpret_cast<const T*>(at);
  }
}
/// For in-place changes; follow with StoredOwn.
template <class T>
inline T& StoredMutable(std::byte* at) {
  if constexpr (kHasStringView<T>) {
    return reinterpret_cast<OwnedStrings<T>*>(at)->mutable_value();
  } else {
    return *reinterpret_cast<T*>(at);
  }
}
template <class T>
inline void StoredOwn(std::byte* at) {
  if constexpr (kHasStringView<T>) reinterpret_cast<OwnedStrings<T>*>(at)->Own();
}
template <class T>
inline void StoredSet(std::byte* at, const T& value) {
  if constexpr (kHasStringView<T>) {
    reinterpret_cast<OwnedStrings<T>*>(at)->Set(value);
  } else {
    CopyInto(*reinterpret_cast<T*>(at), value);
  }
}

}  // namespace millrace
