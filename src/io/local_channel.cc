#include "millrace/io/channel/local_channel.h"

#include <stdexcept>

#include "millrace/base/check.h"

namespace millrace {

LocalChannel::LocalChannel(const LocalChannelOptions& options)
    : options_(options),
      pool_(*options.type,
            BatchCapacity(options.type->row_bytes, options.batch_rows, options.batch_bytes),
            options.columns, options.credits, options.memory) {
  if (options_.serialized)
    decoder_ = std::make_unique<BatchDecoder>(
        *options.type,
        BatchCapacity(options.type->row_bytes, options.batch_rows, options.batch_bytes),
        options.columns);
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
  for (ByteWriter* wire : spare_wire_) delete wire;
}

void LocalChannel::CollectReturns() {
  Credit credit;
  while (returns_.TryPop(&credit)) {
    --in_flight_;
    ++collected_;
    if (credit.batch != nullptr) pool_.Recycle(credit.batch);
    if (credit.wire != nullptr) spare_wire_.push_back(credit.wire);
  }
}

bool LocalChannel::HasCredit() {
  CollectReturns();
  // One batch may always be under way: that is enough to go on, however little memory there is.
  const std::uint32_t credits = pool_.tight() ? 1 : options_.credits;
  const std::uint32_t most = waiting_ ? credits / 2 : credits - 1;
  waiting_ = in_flight_ > most;
  if (waiting_) resume_at_.store(collected_ + in_flight_ - credits / 2, std::memory_order_relaxed);
  return !waiting_;
}

Batch* LocalChannel::Take() {
  if (!HasCredit()) return nullptr;
  return pool_.Take();
}

Batch* LocalChannel::TakeOverdraft() {
  return pool_.Take();
}

void LocalChannel::Send(const Parcel& parcel) {
  queue_.Push(parcel);
  if (consumer_waker_ != nullptr) consumer_waker_->Wake();
}

void LocalChannel::Push(Batch* batch) {
  MILLRACE_CHECK(batch->size > 0, "an empty batch was pushed");
  ++in_flight_;
  batch->sequence = ++next_sequence_;
  pool_.OnPush(*batch);
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
  pool_.Recycle(batch);
  parcel.wire = wire;
  Send(parcel);
}

void LocalChannel::PushControl(Element element) {
  Parcel parcel;
  parcel.element = element;
  if (element.kind == Element::Kind::kBarrier)
    announced_.store(element.value, std::memory_order_release);
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
    element->batch =
        decoder_->Decode(parcel.wire->view(), static_cast<std::uint64_t>(parcel.element.value));
    SendCredit({nullptr, parcel.wire});
    if (element->batch == nullptr) throw std::runtime_error(kNotReadBack);
    return true;
  }
  return true;
}

void LocalChannel::Return(Batch* batch) {
  if (options_.serialized) {
    decoder_->Return(batch);
  } else {
    SendCredit({batch, nullptr});
  }
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
