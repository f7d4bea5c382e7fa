#include "millrace/io/channel/batch_decoder.h"

namespace millrace {

BatchDecoder::~BatchDecoder() {
  for (Batch* batch : spare_) DeleteBatch(batch);
}

Batch* BatchDecoder::Decode(std::string_view bytes, std::uint64_t sequence) {
  Batch* batch = nullptr;
  if (spare_.empty()) {
    batch = NewBatch(type_, capacity_, columns_);
  } else {
    batch = spare_.back();
    spare_.pop_back();
  }
  batch->sequence = sequence;
  batch->arena_pin = arena_.Pin();
  batch->arena = &arena_;
  ArenaScope scope(arena_);
  if (!DecodeBatch(bytes, *batch)) {
    Return(batch);
    return nullptr;
  }
  batch->dynamic = bytes.size();  // about
  return batch;
}

void BatchDecoder::Return(Batch* batch) {
  arena_.Unpin(batch->arena_pin);
  arena_.Recycle();
  batch->arena = nullptr;
  batch->size = 0;
  spare_.push_back(batch);
}

}  // namespace millrace
