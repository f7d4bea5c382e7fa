#include "millrace/io/bytes.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "millrace/base/check.h"
#include "src/io/write_blocks.h"

namespace millrace {

ByteWriter::~ByteWriter() {
  Free();
}

void ByteWriter::Free() {
  if (pooled_) {
    WriteBlocks::Process().Give(block_);
  } else {
    std::free(block_);
  }
}

ByteWriter ByteWriter::Placed(std::size_t phase, std::size_t capacity) {
  MILLRACE_CHECK(phase < kPage, "a phase is less than a page");
  std::size_t bytes = (phase + capacity + kPage - 1) / kPage * kPage;
  ByteWriter placed;
  if (bytes > WriteBlocks::kBlockBytes / 2 && bytes <= WriteBlocks::kBlockBytes)
    placed.block_ = WriteBlocks::Process().Take();
  placed.pooled_ = placed.block_ != nullptr;
  if (placed.pooled_) {
    bytes = WriteBlocks::kBlockBytes;
  } else {
    placed.block_ = static_cast<char*>(std::aligned_alloc(kPage, bytes));
  }
  MILLRACE_CHECK(placed.block_ != nullptr, "out of memory for a write buffer");
  placed.begin_ = placed.at_ = placed.block_ + phase;
  placed.end_ = placed.block_ + bytes;
  return placed;
}

void ByteWriter::Grow(std::size_t bytes) {
  constexpr std::size_t kFirst = 256;
  const std::size_t used = size();
  const std::size_t wanted = std::max({used + bytes, capacity() * 2, kFirst});
  const bool placed = pooled_ || begin_ != block_;
  auto* grown = static_cast<char*>(placed ? std::malloc(wanted) : std::realloc(block_, wanted));
  MILLRACE_CHECK(grown != nullptr, "out of memory for a write buffer");
  if (placed) {
    std::memcpy(grown, begin_, used);
    Free();
    pooled_ = false;
  }
  block_ = begin_ = grown;
  at_ = grown + used;
  end_ = grown + wanted;
}

void ByteWriter::CountTooLarge() {
  MILLRACE_CHECK(false, "a string or container of 2^32 or more elements can't be encoded");
  std::abort();
}

}  // namespace millrace
