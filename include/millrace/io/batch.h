#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>

#include "millrace/base/arena.h"
#include "millrace/base/time.h"
#include "millrace/io/bytes.h"
#include "millrace/io/codec.h"
#include "millrace/io/value_traits.h"

namespace millrace {

/// What the runtime knows about the rows of a batch: enough to construct, encode and free them.
struct BatchType {
  std::uint32_t row_bytes;
  std::uint32_t row_align;
  bool flat;  // trivially copyable and destructible: rows need no construction
  void (*construct)(void* rows, std::uint32_t count);
  void (*destroy)(void* rows, std::uint32_t count);
  void (*encode)(const void* rows, std::uint32_t count, ByteWriter& out);
  bool (*decode)(ByteReader& in, void* rows, std::uint32_t count);
};

/// A contiguous, pooled array of rows of one type with side columns. Rows are always constructed objects
/// (up to `capacity`), so that a recycled row keeps its strings' capacity.
///
/// One allocation: this header, the columns, the rows. Owned by the pool of the producing channel;
/// between Push and Return only the consumer touches it. `shared` batches are const for everyone.
struct Batch {
  const BatchType* type;
  std::byte* rows;
  EventTime* times;       // null when the stream carries no event time
  std::uint64_t* hashes;  // null when the edge is not keyed
  std::uint32_t capacity;
  std::uint32_t size;
  std::uint64_t sequence;  // position of the batch in its channel, from 1
  std::uint64_t
      arena_pin;  // chunk of the producer's arena that holds the oldest bytes of `String` rows
  Arena* arena;   // the producer's arena if this batch pinned it, else null
  std::uint64_t bytes;  // what the batch is charged with: block, and dynamic bytes while in flight
  bool shared;

  template <class T>
  T* rows_as() {
    return std::launder(reinterpret_cast<T*>(rows));
  }
};

struct BatchColumns {
  bool times = false;
  bool hashes = false;
};

/// Rows that fit a batch of about `target_bytes`, at least 16 and at most `max_rows`.
std::uint32_t BatchCapacity(std::uint32_t row_bytes, std::uint32_t max_rows);

Batch* NewBatch(const BatchType& type, std::uint32_t capacity, BatchColumns columns);
void DeleteBatch(Batch* batch);

/// The wire form of a batch: rows, then the columns it has. See docs/formats/batch.md.
void EncodeBatch(const Batch& batch, ByteWriter& out);
/// Decodes into an empty batch of the same type and columns; false when the bytes are not such a batch.
bool DecodeBatch(std::string_view bytes, Batch& batch);

namespace internal {

template <class T>
void ConstructRows(void* rows, std::uint32_t count) {
  T* row = static_cast<T*>(rows);
  for (std::uint32_t i = 0; i < count; ++i) new (row + i) T();
}
template <class T>
void DestroyRows(void* rows, std::uint32_t count) {
  T* row = static_cast<T*>(rows);
  for (std::uint32_t i = 0; i < count; ++i) row[i].~T();
}
template <class T>
void EncodeRows(const void* rows, std::uint32_t count, ByteWriter& out) {
  const T* row = static_cast<const T*>(rows);
  for (std::uint32_t i = 0; i < count; ++i) Encode(row[i], out);
}
template <class T>
bool DecodeRows(ByteReader& in, void* rows, std::uint32_t count) {
  T* row = static_cast<T*>(rows);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!Decode(in, row[i])) return false;
  }
  return true;
}

template <class T>
inline constexpr BatchType kBatchType = {
    sizeof(T),         alignof(T),      std::is_trivially_copyable_v<T>,
    &ConstructRows<T>, &DestroyRows<T>, &EncodeRows<T>,
    &DecodeRows<T>,
};

}  // namespace internal

template <class T>
const BatchType& BatchTypeOf() {
  static_assert(
      kSerializable<T>,
      "millrace: records of this type can't cross an edge: add MILLRACE_RECORD(T, fields...)");
  return internal::kBatchType<T>;
}

}  // namespace millrace
