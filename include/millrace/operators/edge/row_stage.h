#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "millrace/io/batch.h"
#include "millrace/operators/edge/output_edge.h"
#include "millrace/operators/edge/row_order.h"

namespace millrace {

/// Plain rows of a keyed edge on their way to one of a few targets. They are collected here, so that the loop that makes
/// them is the one of a single target; then their hashes are taken as a column, and each target gets its rows as a block.
/// Where each row went to its target's open batch at once, it needed its own hash first, and its stores waited for one
/// cache line of another core after the other (docs/performance.md, "Parallelism 2 over 1").
template <class T>
class RowStage {
 public:
  static constexpr bool kServes =
      std::is_trivially_copyable_v<T> && !kHasStringView<T> && sizeof(T) <= 64;
  static bool Serves(const OutputEdge& edge) {
    return edge.targets() > 1 && edge.targets() <= RowOrder::kMostTargets;
  }

  explicit RowStage(const OutputEdge& edge)
      : batch_(NewBatch(BatchTypeOf<T>(), RowOrder::kMostRows, {edge.timed(), true})) {
    for (std::uint32_t t = 0; t < edge.targets(); ++t) leaves_hashes_[t] = edge.LeavesHashes(t);
  }

  /// A builder without rows: the place to collect them.
  OutputEdge::Builder Empty() {
    return {batch_->rows, batch_->times, batch_->hashes, 0, batch_->capacity, 0, batch_.get()};
  }

  /// Copies the rows of a builder that Empty gave to their targets' open batches.
  [[gnu::noinline]] void Deal(const OutputEdge::Builder& staged, OutputEdge& edge) {
    OrderByTarget(staged.hashes, staged.size, edge.targets(), &order_);
    for (std::uint32_t t = 0; t < edge.targets(); ++t) {
      const std::uint8_t* rows = order_.rows[t];
      for (std::uint32_t left = order_.counts[t]; left > 0;) {
        OutputEdge::Builder& to = edge.builders()[t];
        if (to.size == to.capacity) edge.MakeRoom(t);
        const std::uint32_t n = std::min(left, to.capacity - to.size);
        if (to.size == 0) to.batch->hashes_owed = leaves_hashes_[t];
        if (leaves_hashes_[t]) {
          CopyRows<false>(staged, rows, n, to);
        } else {
          CopyRows<true>(staged, rows, n, to);
        }
        to.size += n;
        rows += n;
        left -= n;
      }
    }
  }

 private:
  template <bool kHashed>
  static void CopyRows(const OutputEdge::Builder& staged, const std::uint8_t* order,
                       std::uint32_t n, const OutputEdge::Builder& to) {
    if (to.times != nullptr) {
      Copy<kHashed, true>(staged, order, n, to);
    } else {
      Copy<kHashed, false>(staged, order, n, to);
    }
  }
  template <bool kHashed, bool kTimed>
  static void Copy(const OutputEdge::Builder& staged, const std::uint8_t* order, std::uint32_t n,
                   const OutputEdge::Builder& to) {
    const T* __restrict from_rows = reinterpret_cast<const T*>(staged.rows);
    const std::uint64_t* __restrict from_hashes = staged.hashes;
    const EventTime* __restrict from_times = staged.times;
    T* __restrict rows = reinterpret_cast<T*>(to.rows) + to.size;
    std::uint64_t* __restrict hashes = kHashed ? to.hashes + to.size : nullptr;
    EventTime* __restrict times = kTimed ? to.times + to.size : nullptr;
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint32_t at = order[i];
      rows[i] = from_rows[at];
      if constexpr (kHashed) hashes[i] = from_hashes[at];
      if constexpr (kTimed) times[i] = from_times[at];
    }
  }

  struct Delete {
    void operator()(Batch* batch) const { DeleteBatch(batch); }
  };
  std::unique_ptr<Batch, Delete> batch_;
  RowOrder order_;
  bool leaves_hashes_[RowOrder::kMostTargets] = {};
};

}  // namespace millrace
