#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "millrace/base/inline.h"
#include "millrace/state/stored.h"

namespace millrace {

/// The values of a list state as they stand in a row: one word, which points to a block of the task's pool with the elements
/// one behind the other. A standard vector would be three words and the allocator's, and somebody would have to walk over all
/// rows now and then to learn what they hold.
template <class T>
class StoredList {
 public:
  using Element = Stored<T>;
  /// Others can't stand in a block.
  static constexpr bool kServes = alignof(Element) <= TextBlock::kAlign;
  /// The elements are pointers to their values, of which so many are on their way at once when all are read.
  static constexpr bool kPointers = kHasStringView<T>;
  static constexpr std::size_t kAhead = 16;

  StoredList() = default;
  StoredList(StoredList&&) noexcept = default;
  StoredList& operator=(StoredList&&) noexcept = default;  // swaps
  ~StoredList() { clear(); }

  std::size_t size() const { return block_ ? count() : 0; }
  bool empty() const { return size() == 0; }
  const Element* data() const { return block_ ? elements() : nullptr; }
  const Element* begin() const { return data(); }
  const Element* end() const { return data() + size(); }
  Element& operator[](std::size_t i) { return elements()[i]; }

  /// A value as it is constructed, at the end.
  Element& emplace_back() {
    if (!block_ || count() == capacity()) [[unlikely]]
      Enlarge(std::max(kFirst, 2 * size()));
    Element* const added = new (elements() + count()) Element();
    ++count();
    return *added;
  }
  /// So many more, and room for just these.
  Element* Append(std::size_t more) {
    if (more == 0) return nullptr;
    Enlarge(size() + more);
    for (std::size_t i = 0; i < more; ++i) emplace_back();
    return elements() + count() - more;
  }
  /// Begins to bring the first values into the near caches. Reads the elements.
  MILLRACE_INLINE void FetchFurther() const {
    if constexpr (kPointers) {
      for (std::size_t i = 0; i < std::min(size(), kAhead); ++i) data()[i].Fetch();
    }
  }
  /// The elements go, and their room.
  void clear() {
    if (!block_) return;
    if constexpr (!std::is_trivially_destructible_v<Element>) {
      for (std::size_t i = 0; i < count(); ++i) elements()[i].~Element();
    }
    const TextBlock gone = std::move(block_);
  }
  /// Outside the pool, which knows what it has given.
  std::size_t held_bytes() const {
    std::size_t bytes = 0;
    for (const Element& e : *this) bytes += HeldBytes(e);
    return bytes;
  }

 private:
  // The block: how many there are, then they.
  static constexpr std::size_t kHead = sizeof(std::uint64_t);
  static constexpr std::size_t kFirst = 4;  // elements that a list has room for at first

  std::uint64_t& count() const {
    return *std::launder(reinterpret_cast<std::uint64_t*>(block_.data()));
  }
  Element* elements() const { return reinterpret_cast<Element*>(block_.data() + kHead); }
  std::size_t capacity() const { return (block_.capacity() - kHead) / sizeof(Element); }

  [[gnu::noinline]] void Enlarge(std::size_t most) {
    const std::size_t size = this->size();
    TextBlock larger = TextBlock::Of(kHead + most * sizeof(Element));
    new (larger.data()) std::uint64_t(size);
    auto* const to = reinterpret_cast<Element*>(larger.data() + kHead);
    for (std::size_t i = 0; i < size; ++i) {
      if constexpr (kMovesAsBytes<Element>) {
        std::memcpy(static_cast<void*>(to + i), elements() + i, sizeof(Element));
      } else {
        new (to + i) Element(std::move(elements()[i]));
        elements()[i].~Element();
      }
    }
    const TextBlock smaller = std::exchange(block_, std::move(larger));
  }

  TextBlock block_;
};

namespace internal {
template <class T>
inline constexpr bool kHoldsElements<StoredList<T>> = true;
template <class T>
inline constexpr bool kHoldsNothing<StoredList<T>> = kHoldsNothing<Stored<T>>;
}  // namespace internal

template <class T>
inline constexpr bool kMovesAsBytes<StoredList<T>> = true;

template <class T>
inline constexpr std::uint32_t kPointedBytes<StoredList<T>> = 64;

/// u32 count, then the values.
template <class T>
struct ColumnCodec<StoredList<T>> {
  using Value = ColumnCodec<Stored<T>>;
  static constexpr bool kExists = Value::kExists;
  static constexpr bool kBulk = false;
  static void Encode(const StoredList<T>& list, ByteWriter& out) {
    out.PutCount(list.size());
    if constexpr (kPlain) {
      EncodeArray(list.data(), list.size(), out);
    } else {
      if constexpr (kPointers) {
        for (std::size_t i = 0; i < std::min(list.size(), kTextsAhead); ++i)
          list.data()[i].FetchFurther();
      }
      for (std::size_t i = 0; i < list.size(); ++i) {
        if constexpr (kPointers) FetchAhead(list, i);
        Value::Encode(list.data()[i], out);
      }
    }
  }
  static bool Decode(ByteReader& in, StoredList<T>& list) {
    std::uint32_t count = 0;
    list.clear();
    if (!in.GetCount(std::max<std::size_t>(internal::kFacts<T>.min_bytes, 1), &count)) return false;
    if constexpr (kPlain) return DecodeArray(in, list.Append(count), count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!Value::Decode(in, list.emplace_back())) return false;
    }
    return true;
  }

 private:
  static constexpr bool kPlain = internal::kFacts<T>.fixed;  // no text, no element of its own
  static constexpr bool kPointers = StoredList<T>::kPointers;
  static constexpr std::size_t kTextsAhead = StoredList<T>::kAhead / 2;

  /// Before the i-th value is written; the first ones are on their way (`FetchFurther`).
  MILLRACE_INLINE static void FetchAhead(const StoredList<T>& list, std::size_t i) {
    constexpr std::size_t kAhead = StoredList<T>::kAhead;
    if (i + kAhead < list.size()) list.data()[i + kAhead].Fetch();
    if (i + kTextsAhead < list.size()) list.data()[i + kTextsAhead].FetchFurther();
  }
};

}  // namespace millrace
