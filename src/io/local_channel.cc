#include "millrace/io/local_channel.h"

#include <stdexcept>

#include "millrace/base/check.h"

namespace millrace {

namespace {

// Batches that emitting may take over the credits, and that are kept all the same: their rows have grown strings.
constexpr std::size_t kOverdraft = 8;

}  // namespace

LocalChannel::LocalChannel(const LocalChannelOptions& options)
    : options_(options),
      capacity_(BatchCapacity(options.type->row_bytes, options.batch_rows, options.batch_bytes)),
      ledger_(options.memory) {
  if (options_.serialized) decode_arena_ = std::make_unique<Arena>();
}

LocalChannel::~LocalChannel() {
  // Both ends have stopped: everything that is still under way is ours.
  const auto drop = [](Batch* batch, ByteWriter* wire) {
    if (batch != nullptr) DeleteBatch(batch);
    delete wire;
  };
  Parcel parcel;
  while (queue_.TryPop(&parcel)) drop(parcel.element.batch, parcel.wire);
  Credit credit;
  while (returns_.TryPop(&credit)) drop(credit.batch, credit.wire);
  for (Batch* batch : spare_) DeleteBatch(batch);
  for (Batch* batch : decoded_) DeleteBatch(batch);
  for (ByteWriter* wire : spare_wire_) delete wire;
}

Batch* LocalChannel::NewPooled() {
  Batch* batch = NewBatch(*options_.type, capacity_, options_.columns);
  ledger_.OnNew(*batch);
  return batch;
}

void LocalChannel::Recycle(Batch* batch) {
  if (batch->arena != nullptr) {
    batch->arena->Unpin(batch->arena_pin);  // the task recycles its arena between steps
    batch->arena = nullptr;
  }
  ledger_.OnReturn(*batch);
  batch->size = 0;
  if (spare_.empty() || (spare_.size() < options_.credits + kOverdraft && !ledger_.tight())) {
    spare_.push_back(batch);
    return;
  }
  ledger_.OnDelete(*batch);
  DeleteBatch(batch);
}

void LocalChannel::CollectReturns() {
  Credit credit;
  while (returns_.TryPop(&credit)) {
    --in_flight_;
    ++collected_;
    if (credit.batch != nullptr) Recycle(credit.batch);
    if (credit.wire != nullptr) spare_wire_.push_back(credit.wire);
  }
}

bool LocalChannel::HasCredit() {
  CollectReturns();
  // One batch may always be under way: that is enough to go on, however little memory there is.
  const std::uint32_t credits = ledger_.tight() ? 1 : options_.credits;
  const std::uint32_t most = waiting_ ? credits / 2 : credits - 1;
  waiting_ = in_flight_ > most;
  if (waiting_) resume_at_.store(collected_ + in_flight_ - credits / 2, std::memory_order_relaxed);
  return !waiting_;
}

Batch* LocalChannel::Take() {
  if (!HasCredit()) return nullptr;
  return TakeOverdraft();
}

Batch* LocalChannel::TakeOverdraft() {
  if (spare_.empty()) return NewPooled();
  Batch* batch = spare_.back();
  spare_.pop_back();
  return batch;
}

void LocalChannel::Send(const Parcel& parcel) {
  queue_.Push(parcel);
  if (consumer_waker_ != nullptr) consumer_waker_->Wake();
}

void LocalChannel::Push(Batch* batch) {
  MILLRACE_CHECK(batch->size > 0, "an empty batch was pushed");
  ++in_flight_;
  batch->sequence = ++next_sequence_;
  ledger_.OnPush(*batch);
  Parcel parcel;
  parcel.element.kind = Element::Kind::kBatch;
  parcel.element.value = static_cast<std::int64_t>(batch->sequence);
  if (!options_.serialized) {
    parcel.element.batch = batch;
    Send(parcel);
    return;
  }
  ByteWriter* wire = nullptr;
  if (spare_wire_.empty()) {
    wire = new ByteWriter();
  } else {
    wire = spare_wire_.back();
    spare_wire_.pop_back();
  }
  EncodeBatch(*batch, *wire);
  Recycle(batch);
  parcel.wire = wire;
  Send(parcel);
}

void LocalChannel::PushControl(Element element) {
  Parcel parcel;
  parcel.element = element;
  Send(parcel);
}

bool LocalChannel::ConsumerStarves() {
  return queue_.empty();
}

bool LocalChannel::Pop(Element* element) {
  Parcel parcel;
  if (!queue_.TryPop(&parcel)) return false;
  *element = parcel.element;
  if (element->kind != Element::Kind::kBatch) return true;
  if (parcel.wire != nullptr) {
    element->batch = DecodeFrom(*parcel.wire, static_cast<std::uint64_t>(parcel.element.value));
    SendCredit({nullptr, parcel.wire});
    if (element->batch == nullptr) throw std::runtime_error(kNotReadBack);
    return true;
  }
  return true;
}

Batch* LocalChannel::DecodeFrom(const ByteWriter& wire, std::uint64_t sequence) {
  Batch* batch = nullptr;
  if (decoded_.empty()) {
    batch = NewBatch(*options_.type, capacity_, options_.columns);
  } else {
    batch = decoded_.back();
    decoded_.pop_back();
  }
  batch->sequence = sequence;
  batch->arena_pin = decode_arena_->Pin();
  batch->arena = decode_arena_.get();
  ArenaScope scope(*decode_arena_);
  if (!DecodeBatch(wire.view(), *batch)) {
    Return(batch);
    return nullptr;
  }
  batch->dynamic = wire.size();  // about
  return batch;
}

void LocalChannel::Return(Batch* batch) {
  if (!options_.serialized) {
    SendCredit({batch, nullptr});
    return;
  }
  batch->arena->Unpin(batch->arena_pin);
  batch->arena->Recycle();
  batch->arena = nullptr;
  batch->size = 0;
  decoded_.push_back(batch);
}

void LocalChannel::SendCredit(const Credit& credit) {
  returns_.Push(credit);
  // A stale number is a lower one, and wakes once too often.
  if (++returned_ >= resume_at_.load(std::memory_order_relaxed) && producer_waker_ != nullptr)
    producer_waker_->Wake();
}

bool LocalChannel::HasInput() {
  return !queue_.empty();
}

}  // namespace millrace
