#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>

#include "millrace/base/arena.h"
#include "millrace/base/memory.h"
#include "millrace/base/time.h"
#include "millrace/io/bytes.h"
#include "millrace/io/codec.h"
#include "millrace/io/value_traits.h"

namespace millrace {

/// What the runtime knows about the rows of a batch: enough to construct, encode and free them.
struct BatchType {
  std::uint32_t row_bytes;
  std::uint32_t row_align;
  std::uint32_t least_encoded;  // bytes of a row in wire form, at least
  bool flat;                    // trivially copyable and destructible: rows need no construction
  void (*construct)(void* rows, std::uint32_t count);
  void (*destroy)(void* rows, std::uint32_t count);
  void (*encode)(const void* rows, std::uint32_t count, ByteWriter& out);
  bool (*decode)(ByteReader& in, void* rows, std::uint32_t count);
  /// Bytes that rows have allocated outside themselves; null when they never do.
  std::uint64_t (*held)(const void* rows, std::uint32_t count);
  /// Makes the arena hold the bytes of the rows' `String`s; null when they have none.
  void (*adopt)(void* rows, std::uint32_t count, Arena& arena);
};

/// A contiguous, pooled array of rows of one type with side columns. Rows are always constructed objects
/// (up to `capacity`), so that a recycled row keeps its strings' capacity.
///
/// One allocation: this header, the columns, the rows. Owned by the pool of the producing channel;
/// between Push and Return only the consumer touches it.
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
  std::uint64_t bytes;    // of the block
  std::uint64_t dynamic;  // of the rows under way: their texts and elements
  std::uint64_t held;     // what recycled rows have kept, when it was looked at last
  std::uint32_t uses;
  bool hashes_owed;  // nobody has computed them yet: see OutputChannel::LeavesHashes

  template <class T>
  T* rows_as() {
    return std::launder(reinterpret_cast<T*>(rows));
  }
};

struct BatchColumns {
  bool times = false;
  bool hashes = false;
};

/// Rows of a batch at most, unless the job says otherwise (-D batch.rows).
inline constexpr std::uint32_t kDefaultBatchRows = 2048;
/// Rows that fit a batch of about `target_bytes`, at least 16 and at most `max_rows`.
inline constexpr std::uint32_t kBatchTargetBytes = 32 * 1024;
std::uint32_t BatchCapacity(std::uint32_t row_bytes, std::uint32_t max_rows,
                            std::uint32_t target_bytes = kBatchTargetBytes);

Batch* NewBatch(const BatchType& type, std::uint32_t capacity, BatchColumns columns);
void DeleteBatch(Batch* batch);
/// Bytes that the rows of a batch are: what a consumer may have put into its state.
inline std::int64_t RowBytes(const Batch& batch) {
  return static_cast<std::int64_t>(std::uint64_t{batch.size} * batch.type->row_bytes +
                                   batch.dynamic);
}

/// The account of one pool's batches. Recycled rows keep their texts' capacity, so that nothing is allocated per record;
/// a row that was long once would keep it for ever, so it is looked at now and then, and given back when it is much.
class BatchLedger {
 public:
  explicit BatchLedger(MemoryAccount* memory) : memory_(memory) {}
  ~BatchLedger() { Charge(-charged_); }
  BatchLedger(const BatchLedger&) = delete;
  BatchLedger& operator=(const BatchLedger&) = delete;

  void OnNew(const Batch& batch) { Charge(static_cast<std::int64_t>(batch.bytes)); }
  void OnDelete(const Batch& batch) {
    Charge(-static_cast<std::int64_t>(batch.bytes + batch.held));
  }
  void OnPush(const Batch& batch) {
    if (batch.dynamic != 0) Charge(static_cast<std::int64_t>(batch.dynamic));
  }
  /// The batch has come back.
  void OnReturn(Batch& batch) {
    if (batch.dynamic == 0) return;
    Charge(-static_cast<std::int64_t>(batch.dynamic));
    if (batch.type->held != nullptr && (batch.dynamic > kHeavy || ++batch.uses % kLook == 0))
      LookAtRows(batch);
    batch.dynamic = 0;
  }
  /// Over half of the memory is in batches, or nearly all is used: a channel should have one batch under way only.
  bool tight() const { return memory_ != nullptr && memory_->tight(); }

 private:
  static constexpr std::uint64_t kHeavy = 128 * 1024;
  static constexpr std::uint64_t kMostHeld = 512 * 1024;
  static constexpr std::uint32_t kLook = 64;

  void LookAtRows(Batch& batch);
  void Charge(std::int64_t bytes) {
    charged_ += bytes;
    if (memory_ != nullptr && bytes != 0) memory_->Charge(MemoryUse::kBatches, bytes);
  }

  MemoryAccount* memory_;
  std::int64_t charged_ = 0;
};

/// The wire form of a batch: rows, then the columns it has. See docs/formats/batch.md.
void EncodeBatch(const Batch& batch, ByteWriter& out);
/// The same of the rows from `first` on, behind what `out` has already.
void AppendRows(const Batch& batch, std::uint32_t first, ByteWriter& out);
/// Decodes into an empty batch of the same type and columns; false when the bytes are not such a batch.
bool DecodeBatch(std::string_view bytes, Batch& batch);
/// What a job fails with when a batch that it has encoded itself does not decode: a codec may write more than it reads.
inline constexpr char kNotReadBack[] =
    "a record does not decode: a Protobuf message with text that is not UTF-8 or nested over 100 "
    "deep, or a RecordCodec that "
    "does not read what it has written";

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
std::uint64_t HeldByRows(const void* rows, std::uint32_t count) {
  const T* row = static_cast<const T*>(rows);
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < count; ++i) bytes += HeldBytes(row[i]);
  return bytes;
}

template <class T>
void AdoptRows(void* rows, std::uint32_t count, Arena& arena) {
  T* row = static_cast<T*>(rows);
  for (std::uint32_t i = 0; i < count; ++i) AdoptStrings(row[i], arena);
}

template <class T>
inline constexpr BatchType kBatchType = {
    sizeof(T),
    alignof(T),
    kFacts<T>.custom ? 0 : static_cast<std::uint32_t>(kFacts<T>.min_bytes),
    std::is_trivially_copyable_v<T>,
    &ConstructRows<T>,
    &DestroyRows<T>,
    &EncodeRows<T>,
    &DecodeRows<T>,
    kHasHeap<T> ? &HeldByRows<T> : nullptr,
    kHasStringView<T> ? &AdoptRows<T> : nullptr,
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
