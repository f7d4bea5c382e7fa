#pragma once

#include <cstdint>

#include "millrace/base/memory.h"
#include "millrace/io/batch.h"

namespace millrace {

/// What both ends of a channel between two workers have to agree on.
struct RemoteChannelOptions {
  std::uint32_t channel = 0;  // its number, alike in both workers
  const BatchType* type = nullptr;
  BatchColumns columns;
  std::uint32_t batch_rows = kDefaultBatchRows;
  std::uint32_t batch_bytes = kBatchTargetBytes;  // of rows, about
  std::uint32_t credits = 8;                      // batches that are under way at most, about
  MemoryAccount* memory = nullptr;                // of this worker

  std::uint32_t capacity() const { return BatchCapacity(type->row_bytes, batch_rows, batch_bytes); }
};

}  // namespace millrace
