#include "runtime/task/in_flight.h"

#include <string>

#include "millrace/io/key.h"

namespace millrace {
namespace {

Status NotReadBack() {
  return Status::DataLoss("restore in-flight records: a block does not decode");
}

}  // namespace

ByteWriter InFlightElement::Encode(std::uint32_t channel, std::uint32_t channels,
                                   std::uint32_t port, const Element& element,
                                   std::uint32_t first) {
  ByteWriter out;
  out.Put(channel);
  out.Put(channels);
  out.Put(port);
  out.Put(static_cast<std::uint8_t>(element.kind));
  out.Put(element.value);
  if (element.batch != nullptr) AppendRows(*element.batch, first, out);
  return out;
}

Result<InFlightElement> InFlightElement::Decode(std::string_view bytes) {
  InFlightElement element;
  std::uint8_t kind = 0;
  ByteReader in(bytes);
  if (!in.Get(&element.channel) || !in.Get(&element.channels) || !in.Get(&element.port) ||
      !in.Get(&kind) || !in.Get(&element.value))
    return NotReadBack();
  element.kind = static_cast<Element::Kind>(kind);
  element.batch = bytes.substr(in.position());
  const bool known = element.kind == Element::Kind::kBatch ||
                     element.kind == Element::Kind::kWatermark ||
                     element.kind == Element::Kind::kIdle;
  if (!known || element.batch.empty() != (element.kind != Element::Kind::kBatch) ||
      element.channel >= element.channels)
    return NotReadBack();
  return element;
}

Result<Batch*> RestoredBatches::DecodeAll(std::string_view bytes, const InputChannelInfo& info) {
  // A batch may be larger than the channel's are now.
  constexpr std::uint32_t kMostRows = 1 << 20;
  std::uint32_t rows = 0;
  if (!ByteReader(bytes).Get(&rows) || rows == 0 || rows > kMostRows) return NotReadBack();
  Batch* const batch = NewBatch(*info.type, rows, info.columns);
  batch->arena_pin = arena_.Pin();
  batch->arena = &arena_;
  ArenaScope scope(arena_);
  if (!DecodeBatch(bytes, *batch)) {
    Return(batch);
    return NotReadBack();
  }
  batch->dynamic = bytes.size();  // about
  return batch;
}

Result<Batch*> RestoredBatches::Decode(std::string_view bytes, const InputChannelInfo& info,
                                       std::uint32_t subtask, std::uint32_t subtasks) {
  auto all = DecodeAll(bytes, info);
  if (!all.ok() || subtasks == 0 || !info.columns.hashes) return all;
  Batch* const batch = all.value();
  ByteWriter rows, times, hashes;
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < batch->size; ++i) {
    if (OwnerOfKeyGroup(KeyGroup(batch->hashes[i]), subtasks) != subtask) continue;
    ++kept;
    info.type->encode(batch->rows + std::size_t{i} * info.type->row_bytes, 1, rows);
    if (batch->times != nullptr) times.Put(batch->times[i].millis());
    hashes.Put(batch->hashes[i]);
  }
  Return(batch);
  if (kept == 0) return static_cast<Batch*>(nullptr);
  ByteWriter own;
  own.Put(kept);
  for (const ByteWriter* part : {&rows, &times, &hashes}) own.PutBytes(part->data(), part->size());
  return DecodeAll(own.view(), info);
}

void RestoredBatches::Return(Batch* batch) {
  arena_.Unpin(batch->arena_pin);
  arena_.Recycle();
  DeleteBatch(batch);
}

}  // namespace millrace
