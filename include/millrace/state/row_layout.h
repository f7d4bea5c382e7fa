#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/io/codec.h"
#include "millrace/io/value_traits.h"
#include "millrace/state/row_image.h"

namespace millrace {

/// The bytes of a column in a snapshot: those of the record codec. What stands in a row and is no record itself has a
/// specialization.
template <class T>
struct ColumnCodec {
  static constexpr bool kExists = kSerializable<T>;
  static constexpr bool kBulk = kIsBulk<T>;
  static constexpr bool kPieces = kHasPieces<T>;
  static void Encode(const T& value, ByteWriter& out) { millrace::Encode(value, out); }
  static bool Decode(ByteReader& in, T& value) { return millrace::Decode(in, value); }
};

/// How to construct, destroy, move, write and read one column of a row. Null functions mean: bytes are enough.
struct ColumnOps {
  std::uint32_t bytes = 0;
  std::uint32_t align = 1;
  void (*construct)(void* at) = nullptr;
  void (*destroy)(void* at) = nullptr;
  /// Move-constructs at `to`, destroys `from`.
  void (*relocate)(void* to, void* from) = nullptr;
  /// Bytes that the column holds outside the row; null: none that are not known elsewhere.
  std::size_t (*held)(const void* at) = nullptr;
  /// Its value may hold any number of elements: an erased row does not keep their memory.
  bool holds_elements = false;
  /// The value for a snapshot, and back into a constructed one (false: the bytes are none). Null: see `bulk`.
  void (*encode)(const void* at, ByteWriter& out) = nullptr;
  bool (*decode)(ByteReader& in, void* at) = nullptr;
  /// Its bytes in memory are those of the codec.
  bool bulk = false;
  /// Adds those pieces of it that are; null: see `bulk`, or they are not.
  void (*pieces)(std::vector<Piece>& out) = nullptr;
  /// See kMovesAsBytes; of a column with `construct`.
  bool moves_as_bytes = false;
  /// See kPointedBytes.
  std::uint32_t pointed_bytes = 0;
  /// Begins to bring what those bytes point to in turn into the near caches, once they have come; null: nothing.
  void (*fetch_further)(const void* at) = nullptr;

  bool serializable() const { return bulk || encode != nullptr; }
};

/// Bytes are enough: to copy it is to copy them, and nothing is to be destroyed. A std::tuple of numbers is such a type, though
/// its assignment is not trivial.
template <class T>
inline constexpr bool kIsBytes =
    std::is_trivially_copy_constructible_v<T> && std::is_trivially_destructible_v<T>;

/// It may be moved by copying its bytes and forgetting the source, for nothing points into it.
template <class T>
inline constexpr bool kMovesAsBytes = kIsBytes<T>;
template <class T, class A>
inline constexpr bool kMovesAsBytes<std::vector<T, A>> = std::is_same_v<A, std::allocator<T>>;

/// Bytes at the begin of what a column's first word points to that are worth to be fetched with the row; 0: it does not point.
template <class T>
inline constexpr std::uint32_t kPointedBytes = 0;
/// Of the texts behind a value in its block, what is fetched with it when all of it will be read.
inline constexpr std::uint32_t kFetchedTextBytes = 128;

namespace internal {
/// Outside its own bytes a T holds nothing that is not counted elsewhere.
template <class T>
inline constexpr bool kHoldsNothing = kIsBytes<T>;
}  // namespace internal

template <class T>
constexpr ColumnOps ColumnOpsOf() {
  ColumnOps ops;
  ops.bytes = sizeof(T);
  ops.align = alignof(T);
  if constexpr (!kIsBytes<T>) {
    ops.construct = [](void* at) { new (at) T(); };
    ops.destroy = [](void* at) { static_cast<T*>(at)->~T(); };
    ops.relocate = [](void* to, void* from) {
      T* source = static_cast<T*>(from);
      new (to) T(std::move(*source));
      source->~T();
    };
    if constexpr (!internal::kHoldsNothing<T>)
      ops.held = [](const void* at) { return HeldBytes(*static_cast<const T*>(at)); };
    ops.holds_elements = internal::kHoldsElements<T>;
    ops.moves_as_bytes = kMovesAsBytes<T>;
    ops.pointed_bytes = kPointedBytes<T>;
    if constexpr (requires(const T& value) { value.FetchFurther(); })
      ops.fetch_further = [](const void* at) { static_cast<const T*>(at)->FetchFurther(); };
  }
  using Codec = ColumnCodec<T>;
  if constexpr (Codec::kExists) {
    ops.bulk = Codec::kBulk;
    if constexpr (!Codec::kBulk) {
      ops.encode = [](const void* at, ByteWriter& out) {
        Codec::Encode(*static_cast<const T*>(at), out);
      };
      ops.decode = [](ByteReader& in, void* at) { return Codec::Decode(in, *static_cast<T*>(at)); };
      if constexpr (kIsBytes<T> && requires { requires Codec::kPieces; }) {
        ops.pieces = [](std::vector<Piece>& out) {
          const T value{};
          AddPieces(value, reinterpret_cast<const std::byte*>(&value), out);
        };
      }
    }
  }
  return ops;
}

/// A keyed row: the key at offset 0, then one column per state. Built when the operator opens.
class RowLayout {
 public:
  using HashFn = std::uint64_t (*)(const void* key);
  using EqualFn = bool (*)(const void* a, const void* b);

  /// `hash` is the key hash (millrace/io/key.h) of the key column, `equal` compares two keys as the table does.
  RowLayout(const ColumnOps& key, HashFn hash, EqualFn equal) : hash_(hash), equal_(equal) {
    AddColumn(key);
  }

  /// Adds a column; returns its offset in the row.
  std::uint32_t AddColumn(const ColumnOps& ops);
  /// The column at `presence` has a bit for each column added from here on that may have no value, in turn: without it
  /// what stands there is old.
  std::uint32_t AddOptionalColumn(const ColumnOps& ops, std::uint32_t presence);

  std::uint32_t row_bytes() const { return row_bytes_; }
  std::uint32_t align() const { return align_; }
  /// Rows are plain bytes: zeroes are a valid dormant row, memcpy moves one.
  bool plain() const { return columns_.empty(); }
  /// Zeroes are a constructed row.
  bool zero() const { return zero_; }
  /// A row is moved by copying its bytes; zeroes are left.
  bool moves_as_bytes() const { return zero_ && moves_as_bytes_; }
  std::uint64_t Hash(const void* row) const { return hash_(row); }
  bool EqualKeys(const void* a, const void* b) const { return equal_(a, b); }

  /// Columns that point to what they hold: where they stand, and how much of that is worth to be fetched with the row.
  struct Pointer {
    std::uint32_t offset;
    std::uint32_t bytes;
    void (*fetch_further)(const void* at);
  };
  const std::vector<Pointer>& pointers() const { return pointers_; }

  /// Every column has bytes for a snapshot.
  bool serializable() const;
  void EncodeKey(const std::byte* row, ByteWriter& out) const { EncodeColumn(all_[0], row, out); }
  bool DecodeKey(ByteReader& in, std::byte* row) const { return DecodeColumn(all_[0], in, row); }
  /// The columns behind the key.
  void EncodeValues(const std::byte* row, ByteWriter& out) const;
  bool DecodeValues(ByteReader& in, std::byte* row) const;
  /// That a row has in a snapshot, at least.
  std::size_t least_bytes() const { return image_.valid() ? image_.min_bytes() : 1; }
  /// The key of a row from the begin of its image.
  void CopyKey(const char* image, std::byte* row) const { image_.ReadKey(image, row); }
  /// How to copy a whole row at once; null when some column is more than its bytes.
  const RowImage* image() const { return image_.valid() ? &image_ : nullptr; }

  void Construct(std::byte* row) const {
    for (const Column& c : columns_) c.ops.construct(row + c.offset);
  }
  void Destroy(std::byte* row) const {
    for (const Column& c : columns_) c.ops.destroy(row + c.offset);
  }
  /// A row as it was when it was new.
  void Renew(std::byte* row) const {
    Destroy(row);
    std::memset(row, 0, row_bytes_);
    Construct(row);
  }
  /// Bytes that a row holds outside itself, but for those of texts, which their pool counts.
  std::size_t Held(const std::byte* row) const {
    std::size_t bytes = 0;
    for (const Column& c : columns_) {
      if (c.ops.held != nullptr) bytes += c.ops.held(row + c.offset);
    }
    return bytes;
  }
  /// Some row may hold such bytes.
  bool holds() const { return holds_; }
  bool holds_elements() const { return holds_elements_; }
  /// A row that was erased holds nothing, in no column.
  bool erased_hold_nothing() const { return erased_hold_nothing_; }
  /// Gives back what the columns with elements hold; the row is dormant afterwards.
  void Shrink(std::byte* row) const {
    for (const Column& c : columns_) {
      if (!c.ops.holds_elements) continue;
      c.ops.destroy(row + c.offset);
      c.ops.construct(row + c.offset);
    }
  }
  /// Moves a row's content over a constructed, dormant row and leaves `from` dormant and destroyed.
  void Relocate(std::byte* to, std::byte* from) const {
    std::memcpy(to, from, row_bytes_);
    for (const Column& c : columns_) c.ops.relocate(to + c.offset, from + c.offset);
  }

 private:
  struct Column {
    std::uint32_t offset;
    ColumnOps ops;
    std::uint32_t presence = 0;  // where the bits stand; 0: it always has a value
    std::uint32_t bit = 0;
  };
  static void EncodeColumn(const Column& column, const std::byte* row, ByteWriter& out);
  static bool DecodeColumn(const Column& column, ByteReader& in, std::byte* row);
  static bool HasValue(const Column& column, const std::byte* row);
  std::uint32_t Place(const ColumnOps& ops);

  std::vector<Column> columns_;  // those that are more than bytes
  std::vector<Column> all_;
  std::vector<Pointer> pointers_;
  RowImage image_;
  HashFn hash_;
  EqualFn equal_;
  std::uint32_t used_ = 0;
  std::uint32_t row_bytes_ = 0;
  std::uint32_t align_ = 1;
  bool holds_elements_ = false;
  bool erased_hold_nothing_ = true;
  bool holds_ = false;
  bool zero_ = true;
  bool moves_as_bytes_ = true;
};

}  // namespace millrace
