#include "millrace/io/batch.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "millrace/base/check.h"

namespace millrace {
namespace {

constexpr std::uint32_t kMinRows = 16;
constexpr std::size_t kLine = 64;

std::size_t RoundUp(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

}  // namespace

std::uint32_t BatchCapacity(std::uint32_t row_bytes, std::uint32_t max_rows,
                            std::uint32_t target_bytes) {
  const std::uint32_t fit = target_bytes / std::max<std::uint32_t>(row_bytes, 1);
  return std::min(std::max(fit, std::min(kMinRows, max_rows)), max_rows);
}

Batch* NewBatch(const BatchType& type, std::uint32_t capacity, BatchColumns columns) {
  MILLRACE_CHECK(capacity > 0, "a batch needs room for a row");
  MILLRACE_CHECK(type.row_align <= kLine, "rows aligned to more than a cache line");
  const std::size_t header = RoundUp(sizeof(Batch), kLine);
  const std::size_t column = RoundUp(std::size_t{8} * capacity, kLine);
  const std::size_t rows = RoundUp(std::size_t{type.row_bytes} * capacity, kLine);
  const std::size_t bytes =
      header + (columns.times ? column : 0) + (columns.hashes ? column : 0) + rows;
  auto* block = static_cast<std::byte*>(std::aligned_alloc(kLine, bytes));
  if (block == nullptr) throw std::bad_alloc();
  auto* batch = new (block) Batch{};
  std::byte* at = block + header;
  batch->type = &type;
  if (columns.times) {
    batch->times = reinterpret_cast<EventTime*>(at);
    at += column;
  }
  if (columns.hashes) {
    batch->hashes = reinterpret_cast<std::uint64_t*>(at);
    at += column;
  }
  batch->rows = at;
  batch->capacity = capacity;
  batch->bytes = bytes;
  type.construct(batch->rows, capacity);
  return batch;
}

void BatchLedger::LookAtRows(Batch& batch) {
  std::uint64_t held = batch.type->held(batch.rows, batch.capacity);
  if (held > kMostHeld) {
    batch.type->destroy(batch.rows, batch.capacity);
    batch.type->construct(batch.rows, batch.capacity);
    held = 0;
  }
  Charge(static_cast<std::int64_t>(held) - static_cast<std::int64_t>(batch.held));
  batch.held = held;
}

void EncodeBatch(const Batch& batch, ByteWriter& out) {
  out.Clear();
  AppendRows(batch, 0, out);
}

void AppendRows(const Batch& batch, std::uint32_t first, ByteWriter& out) {
  const std::uint32_t count = batch.size - first;
  out.Put(count);
  batch.type->encode(batch.rows + std::size_t{first} * batch.type->row_bytes, count, out);
  if (batch.times != nullptr) out.PutBytes(batch.times + first, count * sizeof(EventTime));
  if (batch.hashes != nullptr) out.PutBytes(batch.hashes + first, count * sizeof(std::uint64_t));
}

bool DecodeBatch(std::string_view bytes, Batch& batch) {
  ByteReader in(bytes);
  std::uint32_t size = 0;
  if (!in.Get(&size) || size > batch.capacity) return false;
  if (!batch.type->decode(in, batch.rows, size)) return false;
  const auto column = [&in, size](void* to) {
    const char* from = in.Take(std::size_t{size} * 8);
    if (from != nullptr) std::memcpy(to, from, std::size_t{size} * 8);
    return from != nullptr;
  };
  if (batch.times != nullptr && !column(batch.times)) return false;
  if (batch.hashes != nullptr && !column(batch.hashes)) return false;
  batch.size = size;
  return in.AtEnd();
}

void DeleteBatch(Batch* batch) {
  if (batch == nullptr) return;
  batch->type->destroy(batch->rows, batch->capacity);
  std::free(batch);
}

}  // namespace millrace
