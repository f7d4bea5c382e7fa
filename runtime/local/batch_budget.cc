#include "runtime/local/batch_budget.h"

#include <algorithm>
#include <string>

#include "millrace/base/memory.h"

namespace millrace {
namespace {

constexpr std::int64_t kChannelBytes = 4096;  // two queues and what belongs to them
constexpr std::int64_t kBatchesAtLeast = 2;   // one is read while the other is filled

std::int64_t Clamp(std::int64_t value, std::int64_t low, std::int64_t high) {
  return std::max(low, std::min(value, high));
}

}  // namespace

Result<BatchBudget> PlanBatches(const std::vector<EdgeChannels>& edges, std::int64_t memory,
                                std::uint32_t batch_rows) {
  std::int64_t channels = 0, least = 0;
  for (const EdgeChannels& edge : edges) {
    const std::int64_t row =
        edge.row_bytes + 8 * (int{edge.columns.times} + int{edge.columns.hashes});
    const std::int64_t batch = BatchCapacity(edge.row_bytes, batch_rows, 0) * row + 256;
    channels += edge.channels;
    least += edge.channels * (kChannelBytes + kBatchesAtLeast * batch);
  }
  BatchBudget budget;
  if (channels == 0) return budget;
  if (least > memory / 2) {
    constexpr std::int64_t kMiB = 1 << 20;
    return Status::InvalidArgument("deploy the job: its " + std::to_string(channels) +
                                   " channels between subtasks need -D memory=" +
                                   std::to_string((2 * least + kMiB - 1) / kMiB) +
                                   "MiB at least, and it is " + BytesText(memory) +
                                   ": raise it, or lower --parallelism");
  }
  budget.batch_bytes = static_cast<std::uint32_t>(
      Clamp(memory / 4 / (kBatchesAtLeast * channels), 0, kBatchTargetBytes));
  budget.max_dynamic = static_cast<std::uint64_t>(
      Clamp(memory / 8 / channels, 2048, static_cast<std::int64_t>(budget.max_dynamic)));
  return budget;
}

}  // namespace millrace
