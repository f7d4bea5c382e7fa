#include "runtime/network/remote_output.h"

#include <utility>

#include "millrace/base/check.h"

namespace millrace {

RemoteOutput::RemoteOutput(const RemoteChannelOptions& options, Connection* connection,
                           Waker* producer)
    : options_(options),
      connection_(connection),
      producer_(producer),
      pool_(*options.type, options.capacity(), options.columns, options.credits, options.memory) {}

RemoteOutput::~RemoteOutput() {
  ByteWriter* buffer = nullptr;
  while (written_.TryPop(&buffer)) delete buffer;
}

bool RemoteOutput::HasCredit() {
  // One batch may always be under way: that is enough to go on, however little memory there is.
  const std::uint32_t credits = pool_.tight() ? 1 : options_.credits;
  const std::uint64_t most = waiting_ ? credits / 2 : credits - 1;
  waiting_ = under_way() > most;
  if (waiting_) {
    resume_at_.store(pushed_ - credits / 2, std::memory_order_relaxed);
    waiting_ = under_way() > most;  // what has come before the number was there wakes nobody
  }
  return !waiting_;
}

Batch* RemoteOutput::Take() {
  return HasCredit() ? pool_.Take() : nullptr;
}

ByteWriter* RemoteOutput::TakeBuffer() {
  ByteWriter* buffer = nullptr;
  return written_.TryPop(&buffer) ? buffer : new ByteWriter();
}

void RemoteOutput::Push(Batch* batch) {
  MILLRACE_CHECK(batch->size > 0, "an empty batch was pushed");
  batch->sequence = ++pushed_;
  sent_.store(pushed_, std::memory_order_relaxed);
  ByteWriter* const buffer = TakeBuffer();
  EncodeBatch(*batch, *buffer);
  pool_.OnPush(*batch);
  pool_.Recycle(batch);
  Send(FrameKind::kBatch, static_cast<std::int64_t>(pushed_), buffer);
}

void RemoteOutput::PushControl(Element element) {
  switch (element.kind) {
    case Element::Kind::kWatermark:
      return Send(FrameKind::kWatermark, element.value, nullptr);
    case Element::Kind::kIdle:
      return Send(FrameKind::kIdle, 0, nullptr);
    case Element::Kind::kBarrier:
      return Send(FrameKind::kBarrier, element.value, nullptr);
    case Element::Kind::kEnd:
      return Send(FrameKind::kEnd, 0, nullptr);
    case Element::Kind::kNone:
    case Element::Kind::kBatch:
      break;
  }
  MILLRACE_CHECK(false, "no control element");
}

void RemoteOutput::Send(FrameKind kind, std::int64_t value, ByteWriter* payload) {
  FrameHeader header;
  header.kind = kind;
  header.channel = options_.channel;
  header.value = value;
  connection_->Send(header, payload, &written_);
}

bool RemoteOutput::OnCredit(std::int64_t read) {
  const auto count = static_cast<std::uint64_t>(read);
  if (count > sent_.load(std::memory_order_relaxed) ||
      count < read_.load(std::memory_order_relaxed))
    return false;
  read_.store(count, std::memory_order_release);
  if (count >= resume_at_.load(std::memory_order_relaxed)) producer_->Wake();
  return true;
}

}  // namespace millrace
