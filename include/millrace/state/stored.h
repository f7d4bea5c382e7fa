#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/string.h"
#include "millrace/io/value_traits.h"
#include "millrace/state/row_layout.h"

namespace millrace {

/// A value that keeps the bytes of its `millrace::String`s itself: what a record's arena holds dies with the
/// batch, state does not. The buffer is kept when the value changes, so that updates allocate nothing.
template <class T>
class OwnedStrings {
 public:
  OwnedStrings() = default;
  OwnedStrings(OwnedStrings&& o) noexcept
      : value_(o.value_), buffer_(o.buffer_), capacity_(o.capacity_) {
    o.buffer_ = nullptr;
    o.capacity_ = 0;
    o.value_ = T();
  }
  OwnedStrings& operator=(OwnedStrings&& o) noexcept {
    std::swap(value_, o.value_);
    std::swap(buffer_, o.buffer_);
    std::swap(capacity_, o.capacity_);
    return *this;
  }
  OwnedStrings(const OwnedStrings& o) { Set(o.value_); }
  OwnedStrings& operator=(const OwnedStrings& o) {
    if (this != &o) Set(o.value_);
    return *this;
  }
  ~OwnedStrings() { std::free(buffer_); }

  const T& get() const { return value_; }
  std::size_t held_bytes() const { return capacity_ + HeldBytes(value_); }
  /// May be changed by the caller, who calls Own() afterwards.
  T& mutable_value() { return value_; }
  void Set(const T& value) {
    CopyInto(value_, value);
    Own();
  }
  /// Copies every string that lies elsewhere into the buffer.
  void Own() {
    std::size_t bytes = 0;
    bool foreign = false;
    ForEachStringView(value_, [&](String& s) {
      bytes += s.size();
      foreign |= s.size() > 0 && !Owns(s.data());
    });
    if (!foreign) return;
    // In place when it fits and no string lies in the buffer already; else into a second one.
    bool inside = false;
    ForEachStringView(value_, [&](String& s) { inside |= s.size() > 0 && Owns(s.data()); });
    char* fresh = buffer_;
    std::uint32_t capacity = capacity_;
    if (inside || bytes > capacity_) {
      capacity = bytes > capacity_ ? Rounded(bytes) : capacity_;
      fresh = static_cast<char*>(std::malloc(capacity));
      if (fresh == nullptr) throw std::bad_alloc();
    }
    char* at = fresh;
    ForEachStringView(value_, [&](String& s) {
      std::memcpy(at, s.data(), s.size());
      s = s.CopiedTo(at);
      at += s.size();
    });
    if (fresh != buffer_) {
      std::free(buffer_);
      buffer_ = fresh;
      capacity_ = capacity;
    }
  }

 private:
  static std::uint32_t Rounded(std::size_t bytes) {
    return static_cast<std::uint32_t>((bytes + 31) / 32 * 32);
  }
  bool Owns(const char* p) const { return p >= buffer_ && p < buffer_ + capacity_; }

  T value_{};
  char* buffer_ = nullptr;
  std::uint32_t capacity_ = 0;
};

namespace internal {
template <class T>
inline constexpr bool kHoldsElements<OwnedStrings<T>> = kHoldsElements<T>;
}  // namespace internal

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
