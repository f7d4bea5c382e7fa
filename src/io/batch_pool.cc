#include "millrace/io/channel/batch_pool.h"

namespace millrace {
namespace {

// Batches that emitting may take over the credits, and that are kept all the same: their rows have grown strings.
constexpr std::size_t kOverdraft = 8;

}  // namespace

BatchPool::~BatchPool() {
  for (Batch* batch : spare_) DeleteBatch(batch);
}

Batch* BatchPool::New() {
  Batch* batch = NewBatch(type_, capacity_, columns_);
  ledger_.OnNew(*batch);
  return batch;
}

void BatchPool::Recycle(Batch* batch) {
  if (batch->arena != nullptr) {
    batch->arena->Unpin(batch->arena_pin);  // the task recycles its arena between steps
    batch->arena = nullptr;
  }
  ledger_.OnReturn(*batch);
  batch->size = 0;
  if (spare_.empty() || (spare_.size() < credits_ + kOverdraft && !ledger_.tight())) {
    spare_.push_back(batch);
    return;
  }
  ledger_.OnDelete(*batch);
  DeleteBatch(batch);
}

}  // namespace millrace
