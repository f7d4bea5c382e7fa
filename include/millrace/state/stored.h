#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/inline.h"
#include "millrace/base/prefetch.h"
#include "millrace/base/string.h"
#include "millrace/io/value_traits.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/text_pool.h"

namespace millrace {

/// A value that keeps the bytes of its `millrace::String`s itself: what a record's arena holds dies with the
/// batch, state does not. Value and texts stand in one block outside the row, which has only a pointer to it: rows in the table
/// are spread out, and moved when it grows, those that are long more dearly. The block is kept when the value changes, so that
/// updates allocate nothing.
template <class T>
class OwnedStrings {
  static_assert(alignof(T) <= TextBlock::kAlign,
                "millrace: state: a value with a millrace::String is aligned to 8 bytes at most");

 public:
  OwnedStrings() = default;
  OwnedStrings(OwnedStrings&&) noexcept = default;
  OwnedStrings& operator=(OwnedStrings&&) noexcept = default;  // swaps
  OwnedStrings(const OwnedStrings& o) {
    if (o.block_) Set(o.get());
  }
  OwnedStrings& operator=(const OwnedStrings& o) {
    if (this == &o) return *this;
    if (o.block_) {
      Set(o.get());
    } else {
      Release();
    }
    return *this;
  }
  ~OwnedStrings() { Release(); }

  /// The value goes; what is left is the block, in which views of its texts are good as long as it is kept.
  TextBlock Release() {
    if (block_) value().~T();
    return std::move(block_);
  }

  const T& get() const {
    if (!block_) [[unlikely]]
      return None();
    return value();
  }
  /// Outside the pool, which knows what it has given.
  std::size_t held_bytes() const {
    if constexpr (std::is_trivially_copyable_v<T>) return 0;
    return block_ ? HeldBytes(value()) : 0;
  }
  /// Begins to bring the value into the near caches, and its texts as far as they are short.
  MILLRACE_INLINE void Fetch() const {
    if (!block_) return;
    for (std::size_t at = 0; at < sizeof(T) + kFetchedTextBytes; at += 64)
      PrefetchAhead(block_.data() + at);
  }
  /// And those texts that stand elsewhere, or are long. Reads the value.
  MILLRACE_INLINE void FetchFurther() const {
    if (!block_) return;
    ForEachStringView(value(), [](const String& text) __attribute__((always_inline)) {
      PrefetchAhead(text.data());
      PrefetchAhead(text.data() + text.size());
    });
  }
  /// May be changed by the caller, who calls Own() afterwards.
  T& mutable_value() {
    if (!block_) {
      TextBlock fresh = TextBlock::Of(sizeof(T));
      new (fresh.data()) T();
      block_ = std::move(fresh);
    }
    return value();
  }
  void Set(const T& from) {
    if (!block_) {
      const Texts found = TextsOf(const_cast<T&>(from), nullptr, nullptr);
      TextBlock fresh = TextBlock::Of(sizeof(T) + found.bytes);
      CopyTexts(*new (fresh.data()) T(from), found, fresh.data() + sizeof(T));
      block_ = std::move(fresh);
    } else {
      CopyInto(value(), from);
      Own();
    }
  }
  /// Copies every string that lies elsewhere into the block.
  void Own() {
    if (!block_) return;
    const char* const begin = block_.data();
    const char* const end = begin + block_.capacity();
    const Texts found = TextsOf(value(), begin, end);
    if (!found.foreign) return;
    // In place when it fits and no string lies in the block already; else into a second one.
    const std::size_t needed = sizeof(T) + found.bytes;
    if (!found.inside && needed <= block_.capacity()) return CopyTexts(value(), found, texts());
    TextBlock fresh = TextBlock::Of(std::max(needed, block_.capacity()));
    T& moved = *new (fresh.data()) T(std::move(value()));
    CopyTexts(moved, found, fresh.data() + sizeof(T));
    value().~T();
    block_ = std::move(fresh);
  }

 private:
  static const T& None() {
    static const T none{};
    return none;
  }
  /// What the strings of a value that are not static are, together.
  struct Texts {
    std::size_t bytes = 0;
    const char* first = nullptr;
    bool in_a_row =
        true;  // one behind the other, from `first` on, as in a batch they nearly always are
    bool foreign = false, inside = false;
  };
  MILLRACE_INLINE static Texts TextsOf(T& value, const char* begin, const char* end) {
    Texts all;
    ForEachStringView(value, [&](const String& s) __attribute__((always_inline)) {
      if (s.empty() || s.is_static()) return;
      if (all.bytes == 0) all.first = s.data();
      all.in_a_row &= s.data() == all.first + all.bytes;
      all.bytes += s.size();
      const bool owns = s.data() >= begin && s.data() < end;
      all.foreign |= !owns;
      all.inside |= owns;
    });
    return all;
  }
  MILLRACE_INLINE static void CopyTexts(T& value, const Texts& from, char* at) {
    if (from.bytes == 0) return;
    if (from.in_a_row) std::memcpy(at, from.first, from.bytes);
    ForEachStringView(value, [&](String& s) __attribute__((always_inline)) {
      if (s.is_static()) return;
      if (!from.in_a_row) std::memcpy(at, s.data(), s.size());
      s = s.CopiedTo(at);
      at += s.size();
    });
  }
  T& value() const { return *std::launder(reinterpret_cast<T*>(block_.data())); }
  char* texts() const { return block_.data() + sizeof(T); }

  TextBlock block_;
};

namespace internal {
/// A row that goes gives its block back: the next value gets the one that was used last, which is still in the near caches.
template <class T>
inline constexpr bool kHoldsElements<OwnedStrings<T>> = true;
/// Its column has nothing to tell of what it holds: the pool counts that.
template <class T>
inline constexpr bool kHoldsNothing<OwnedStrings<T>> = std::is_trivially_copyable_v<T>;
}  // namespace internal

template <class T>
inline constexpr bool kMovesAsBytes<OwnedStrings<T>> = true;

template <class T>
inline constexpr std::uint32_t kPointedBytes<OwnedStrings<T>> =
    std::min<std::uint32_t>(sizeof(T) + TextBlock::kHead, 128);

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

/// How a value of type T stands in a row: itself, or apart from it with the bytes of its strings.
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
