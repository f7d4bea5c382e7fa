#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "millrace/io/batch.h"

namespace millrace {

/// A channel's batches at the producer's end: made when none is spare, used again when they have come back. One thread's.
class BatchPool {
 public:
  /// `credits`: as many batches as are kept for certain. `memory` may be null; it outlives the pool.
  BatchPool(const BatchType& type, std::uint32_t capacity, BatchColumns columns,
            std::uint32_t credits, MemoryAccount* memory)
      : type_(type), capacity_(capacity), columns_(columns), credits_(credits), ledger_(memory) {}
  ~BatchPool();
  BatchPool(const BatchPool&) = delete;
  BatchPool& operator=(const BatchPool&) = delete;

  /// An empty batch.
  Batch* Take() {
    if (spare_.empty()) return New();
    Batch* batch = spare_.back();
    spare_.pop_back();
    return batch;
  }
  /// A batch goes on its way with what its rows weigh.
  void OnPush(const Batch& batch) { ledger_.OnPush(batch); }
  /// A batch is done with: nobody reads its rows any more.
  void Recycle(Batch* batch);
  /// Memory runs short: a channel should have one batch under way only.
  bool tight() const { return ledger_.tight(); }

 private:
  Batch* New();

  const BatchType& type_;
  const std::uint32_t capacity_;
  const BatchColumns columns_;
  const std::uint32_t credits_;
  BatchLedger ledger_;
  std::vector<Batch*> spare_;
};

}  // namespace millrace
