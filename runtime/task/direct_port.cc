#include "runtime/task/direct_port.h"

#include <algorithm>

#include "millrace/base/running_step.h"
#include "millrace/operators/user_error.h"

namespace millrace {
namespace {

/// What is read at once should still be in the near caches: with 2,048 rows sliding windows took 3 % longer.
constexpr std::uint32_t kMostRows = 1024;

}  // namespace

DirectPort::DirectPort(Operator* consumer, const Options& options)
    : input_(consumer),
      options_(options),
      capacity_(BatchCapacity(options.type->row_bytes, std::min(options.batch_rows, kMostRows))),
      ledger_(options.memory) {}

DirectPort::~DirectPort() {
  if (input_.element().batch != nullptr) DeleteBatch(input_.element().batch);
  for (const Element& e : queue_) DeleteBatch(e.batch);
  for (Batch* batch : spare_) DeleteBatch(batch);
}

Batch* DirectPort::TakeOverdraft() {
  if (spare_.empty()) {
    Batch* batch = NewBatch(*options_.type, capacity_, options_.columns);
    ledger_.OnNew(*batch);
    return batch;
  }
  Batch* batch = spare_.back();
  spare_.pop_back();
  return batch;
}

void DirectPort::Recycle(Batch* batch) {
  if (batch->arena != nullptr) {
    batch->arena->Unpin(batch->arena_pin);
    batch->arena = nullptr;
  }
  ledger_.OnReturn(*batch);
  batch->size = 0;
  if (batch->capacity == capacity_) {
    spare_.push_back(batch);
    return;
  }
  ledger_.OnDelete(*batch);  // a restored one
  DeleteBatch(batch);
}

Status DirectPort::Restore(const OperatorRestore& from, std::uint32_t subtask,
                           std::uint32_t subtasks, RestoredBatches* batches) {
  const InputChannelInfo info{options_.type, options_.columns, options_.owner};
  const InFlightReader reader{subtask, subtasks, from.same_subtask()};
  return ForEachInFlight(from, [&](std::size_t chain, const InFlightElement& element) {
    if (element.kind != Element::Kind::kBatch) return Status::Ok();
    auto batch = batches->Decode(element, info, chain, reader);
    if (!batch.ok() || batch.value() == nullptr) return batch.status();
    ledger_.OnNew(*batch.value());
    ledger_.OnPush(*batch.value());
    queue_.push_back({Element::Kind::kBatch, batch.value(), 0});
    return Status::Ok();
  });
}

void DirectPort::PassThroughCodec(Batch* batch) {
  wire_.Clear();
  EncodeBatch(*batch, wire_);
  if (batch->arena != nullptr) batch->arena->Unpin(batch->arena_pin);
  batch->arena = &decode_arena_;
  batch->arena_pin = decode_arena_.Pin();
  ArenaScope scope(decode_arena_);
  batch->size = 0;
  if (DecodeBatch(wire_.view(), *batch)) return;
  Recycle(batch);
  throw UserError(kNotReadBack);
}

void DirectPort::Push(Batch* batch) {
  batch->sequence = ++next_sequence_;
  ledger_.OnPush(*batch);
  if (options_.serialized) {
    decode_arena_.Recycle();
    PassThroughCodec(batch);
  }
  queue_.push_back({Element::Kind::kBatch, batch, static_cast<std::int64_t>(batch->sequence)});
  if (queue_.size() == 1 && !input_.busy()) Drain();
}

void DirectPort::PushControl(Element element) {
  queue_.push_back(element);
  if (queue_.size() == 1 && !input_.busy()) Drain();
}

void DirectPort::OwnTexts() {
  if (options_.type->adopt == nullptr || options_.serialized) return;
  const auto own = [this](Batch* batch) {
    if (batch == nullptr || batch->arena == nullptr) return;  // a restored one has its own
    options_.type->adopt(batch->rows, batch->size, *batch->arena);
  };
  own(input_.element().batch);
  for (const Element& e : queue_) own(e.batch);
}

bool DirectPort::Drain() {
  for (;;) {
    if (!input_.busy()) {
      if (queue_.empty()) return true;
      if (queue_.front().kind == Element::Kind::kBatch && input_.op().Blocked()) return false;
      input_.Accept(queue_.front(), 0);
      queue_.pop_front();
    } else if (input_.element().batch != nullptr && input_.op().Blocked()) {
      return false;
    }
    Batch* batch = input_.element().batch;
    OperatorMark mark(options_.name);
    const bool done = input_.Run(*budget_);
    if (done && batch != nullptr) {
      const std::int64_t bytes = RowBytes(*batch);
      Recycle(batch);
      if (meter_ != nullptr) meter_->OnInput(bytes);  // may throw
    }
    mark.Done();
    if (!done) return false;
  }
}

}  // namespace millrace
