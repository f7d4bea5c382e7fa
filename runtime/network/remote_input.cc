#include "runtime/network/remote_input.h"

#include <stdexcept>
#include <string>

namespace millrace {

RemoteInput::RemoteInput(const RemoteChannelOptions& options, Connection* connection,
                         Waker* consumer)
    : options_(options),
      connection_(connection),
      consumer_(consumer),
      decoder_(*options.type, options.capacity(), options.columns) {}

RemoteInput::~RemoteInput() {
  Arrived arrived;
  while (queue_.TryPop(&arrived)) {
    if (arrived.payload == nullptr) continue;
    Charge(-static_cast<std::int64_t>(arrived.payload->size()));
    delete arrived.payload;
  }
  ByteWriter* buffer = nullptr;
  while (spare_.TryPop(&buffer)) delete buffer;
}

void RemoteInput::Charge(std::int64_t bytes) {
  if (options_.memory != nullptr) options_.memory->Charge(MemoryUse::kNetwork, bytes);
}

bool RemoteInput::Pop(Element* element) {
  Arrived arrived;
  if (!queue_.TryPop(&arrived)) return false;
  *element = {arrived.kind, nullptr, arrived.value};
  if (arrived.kind != Element::Kind::kBatch) return true;
  element->batch =
      decoder_.Decode(arrived.payload->view(), static_cast<std::uint64_t>(arrived.value));
  Charge(-static_cast<std::int64_t>(arrived.payload->size()));
  arrived.payload->Clear();
  spare_.Push(arrived.payload);
  ++read_;
  // The producer waits for half of its credits; and one whose consumer has read everything wants to know.
  if (queue_.empty() || read_ - credited_ >= options_.credits / 4) SendCredit();
  if (element->batch == nullptr) throw std::runtime_error(kNotReadBack);
  return true;
}

void RemoteInput::SendCredit() {
  credited_ = read_;
  FrameHeader header;
  header.kind = FrameKind::kCredit;
  header.channel = options_.channel;
  header.value = read_;
  connection_->Send(header, nullptr, &no_home_);
}

std::unique_ptr<ByteWriter> RemoteInput::TakeBuffer() {
  ByteWriter* buffer = nullptr;
  return std::unique_ptr<ByteWriter>(spare_.TryPop(&buffer) ? buffer : new ByteWriter());
}

Status RemoteInput::OnFrame(const FrameHeader& header, std::unique_ptr<ByteWriter> payload) {
  Arrived arrived{Element::Kind::kNone, header.value, nullptr};
  if (ended_ || (payload != nullptr) != (header.kind == FrameKind::kBatch))
    return Status::DataLoss("read a frame of channel " + std::to_string(header.channel) +
                            ": it does not follow from those before it");
  switch (header.kind) {
    case FrameKind::kBatch:
      if (header.value != ++arrived_)
        return Status::DataLoss("read batch " + std::to_string(header.value) + " of channel " +
                                std::to_string(header.channel) + ": the next one is " +
                                std::to_string(arrived_));
      Charge(static_cast<std::int64_t>(payload->size()));
      arrived.kind = Element::Kind::kBatch;
      break;
    case FrameKind::kWatermark:
      arrived.kind = Element::Kind::kWatermark;
      break;
    case FrameKind::kIdle:
      arrived.kind = Element::Kind::kIdle;
      break;
    case FrameKind::kBarrier:
      arrived.kind = Element::Kind::kBarrier;
      announced_.store(header.value, std::memory_order_release);
      break;
    case FrameKind::kEnd:
      arrived.kind = Element::Kind::kEnd;
      ended_ = true;
      break;
    case FrameKind::kCredit:
      break;
  }
  arrived.payload = payload.release();
  queue_.Push(arrived);
  consumer_->Wake();
  return Status::Ok();
}

}  // namespace millrace
