#include "millrace/operators/edge/output_edge.h"

namespace millrace {

OutputEdge::OutputEdge(std::vector<OutputChannel*> targets, bool timed, Arena* arena,
                       OperatorCounters* counters)
    : builders_(targets.size()),
      pending_(targets.size()),
      channels_(std::move(targets)),
      timed_(timed),
      arena_(arena),
      counters_(counters) {}

OutputEdge::~OutputEdge() {
  for (Builder& b : builders_) DeleteBatch(b.batch);
}

void OutputEdge::Send(std::uint32_t target) {
  Builder& b = builders_[target];
  if (b.batch != nullptr && b.size > 0) {
    const auto dynamic = static_cast<std::int64_t>(b.dynamic_bytes);
    if (memory_ != nullptr && dynamic > memory_->limit()) [[unlikely]]
      memory_->ThrowRecordTooLarge(dynamic);
    Batch* batch = b.batch;
    batch->dynamic = b.dynamic_bytes;
    counters_->dynamic_sent.Add(b.dynamic_bytes);
    batch->size = b.size;
    b = Builder{};
    channels_[target]->Push(batch);
  }
  SendWatermark(target);
}

void OutputEdge::SendWatermark(std::uint32_t target) {
  Pending& p = pending_[target];
  if (!p.has_watermark) return;
  p.has_watermark = false;
  channels_[target]->PushControl({Element::Kind::kWatermark, nullptr, p.watermark.millis()});
}

void OutputEdge::MakeRoom(std::uint32_t target) {
  Send(target);
  Batch* batch = channels_[target]->Take();
  if (batch == nullptr) {
    batch = channels_[target]->TakeOverdraft();
    pending_[target].overdrawn = true;
    overdrawn_ = true;
    counters_->overdraft.Add(1);
  }
  if (batch->arena == nullptr && arena_ != nullptr) {
    batch->arena = arena_;
    batch->arena_pin = arena_->Pin();
  }
  Builder& b = builders_[target];
  b.batch = batch;
  b.rows = batch->rows;
  b.times = batch->times;
  b.hashes = batch->hashes;
  b.size = 0;
  b.capacity = batch->capacity;
  b.dynamic_bytes = 0;
}

bool OutputEdge::StillOverdrawn() {
  overdrawn_ = false;
  for (std::uint32_t t = 0; t < targets(); ++t) {
    Pending& p = pending_[t];
    if (!p.overdrawn) continue;
    p.overdrawn = !channels_[t]->HasCredit();
    overdrawn_ |= p.overdrawn;
  }
  return overdrawn_;
}

void OutputEdge::CollectReturned() {
  for (OutputChannel* channel : channels_) (void)channel->HasCredit();
}

void OutputEdge::Flush(FlushMode mode) {
  for (std::uint32_t t = 0; t < targets(); ++t) {
    const bool something = builders_[t].size > 0 || pending_[t].has_watermark;
    if (!something) continue;
    if (mode == FlushMode::kAll || channels_[t]->ConsumerStarves()) Send(t);
  }
}

void OutputEdge::EndLent() {
  if (builders_[0].size > 0) Send(0);
  channels_[0]->OwnTexts();
}

void OutputEdge::EmitWatermark(EventTime watermark) {
  for (Pending& p : pending_) {
    p.watermark = watermark;
    p.has_watermark = true;
  }
}

void OutputEdge::EmitIdle() {
  for (std::uint32_t t = 0; t < targets(); ++t) {
    Send(t);
    channels_[t]->PushControl({Element::Kind::kIdle, nullptr, 0});
  }
}

void OutputEdge::EmitBarrier(std::int64_t checkpoint) {
  for (std::uint32_t t = 0; t < targets(); ++t) {
    Send(t);
    channels_[t]->PushControl({Element::Kind::kBarrier, nullptr, checkpoint});
  }
}

void OutputEdge::EmitEnd() {
  for (std::uint32_t t = 0; t < targets(); ++t) {
    Send(t);
    channels_[t]->PushControl({Element::Kind::kEnd, nullptr, 0});
  }
}

bool OutputEdge::Empty() const {
  for (std::size_t t = 0; t < builders_.size(); ++t) {
    if (builders_[t].size > 0 || pending_[t].has_watermark) return false;
  }
  return true;
}

}  // namespace millrace
