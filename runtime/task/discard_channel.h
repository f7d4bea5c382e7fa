#pragma once

#include <utility>

#include "millrace/io/channel.h"

namespace millrace {

/// Where the records of an output go that nobody reads (the plan has warned of it): nowhere.
class DiscardChannel final : public OutputChannel {
 public:
  DiscardChannel(const BatchType& type, BatchColumns columns, std::uint32_t rows)
      : type_(type), columns_(columns), capacity_(BatchCapacity(type.row_bytes, rows)) {}
  ~DiscardChannel() override { DeleteBatch(spare_); }
  DiscardChannel(const DiscardChannel&) = delete;
  DiscardChannel& operator=(const DiscardChannel&) = delete;

  Batch* Take() override { return TakeOverdraft(); }
  Batch* TakeOverdraft() override {
    if (spare_ == nullptr) return NewBatch(type_, capacity_, columns_);
    return std::exchange(spare_, nullptr);
  }
  bool HasCredit() override { return true; }
  void Push(Batch* batch) override {
    if (batch->arena != nullptr) batch->arena->Unpin(batch->arena_pin);
    batch->arena = nullptr;
    batch->size = 0;
    DeleteBatch(std::exchange(spare_, batch));
  }
  void PushControl(Element) override {}
  bool ConsumerStarves() override { return false; }

 private:
  const BatchType& type_;
  const BatchColumns columns_;
  const std::uint32_t capacity_;
  Batch* spare_ = nullptr;
};

}  // namespace millrace
