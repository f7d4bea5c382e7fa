#pragma once

#include <cstdint>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/io/batch.h"

namespace millrace {

/// The channels of one edge between tasks.
struct EdgeChannels {
  std::int64_t channels = 0;
  std::uint32_t row_bytes = 0;
  BatchColumns columns;
};

/// How large batches may be, so that the channels of a job fit into its memory.
struct BatchBudget {
  std::uint32_t batch_bytes = kBatchTargetBytes;  // of rows
  std::uint64_t max_dynamic = 256 * 1024;  // of rows' texts and elements, when a batch leaves
};

/// Batches get a quarter of `memory` when every channel has two: many channels make small batches. When even the smallest
/// ones take more than half of it: INVALID_ARGUMENT, with the least memory that would do. Pure.
Result<BatchBudget> PlanBatches(const std::vector<EdgeChannels>& edges, std::int64_t memory,
                                std::uint32_t batch_rows);

}  // namespace millrace
