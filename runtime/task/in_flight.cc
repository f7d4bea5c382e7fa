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

Status ForEachInFlight(const OperatorRestore& from,
                       const std::function<Status(std::size_t, const InFlightElement&)>& visit) {
  for (std::size_t chain = 0; chain < from.chains(); ++chain) {
    if (from.length(chain) == 0) continue;
    MILLRACE_RETURN_IF_ERROR(from.ForEach(chain, from.length(chain) - 1, SnapshotBlock::kInFlight,
                                          [&](const OperatorRestore::Block& block) {
                                            auto element = InFlightElement::Decode(block.bytes);
                                            return element.ok() ? visit(chain, element.value())
                                                                : element.status();
                                          }));
  }
  return Status::Ok();
}

Result<Batch*> RestoredBatches::DecodeAll(std::string_view bytes, const InputChannelInfo& info) {
  // A batch may be larger than the channel's are now, but no larger than its bytes can say.
  constexpr std::uint32_t kMostRows = 1 << 20;
  const std::size_t columns = std::size_t{info.columns.times} + std::size_t{info.columns.hashes};
  const std::size_t least = info.type->least_encoded + 8 * columns;
  std::uint32_t rows = 0;
  if (!ByteReader(bytes).Get(&rows) || rows == 0 || rows > kMostRows || rows * least > bytes.size())
    return NotReadBack();
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

Result<Batch*> RestoredBatches::Decode(const InFlightElement& element, const InputChannelInfo& info,
                                       std::size_t chain, const InFlightReader& reader) {
  if (reader.same_subtask) return DecodeAll(element.batch, info);
  Batch* const nothing = nullptr;
  switch (info.owner) {
    case InFlightOwner::kHash:
      return DecodeOwn(element.batch, info, reader);
    case InFlightOwner::kAny:
      return chain % reader.subtasks == reader.subtask ? DecodeAll(element.batch, info) : nothing;
    case InFlightOwner::kFirst:
      return reader.subtask == 0 ? DecodeAll(element.batch, info) : nothing;
    case InFlightOwner::kNone:
      break;
  }
  return Status::FailedPrecondition(
      "restore in-flight records: the operator's input was of another kind, whose records any "
      "subtask could take; run the job "
      "with the parallelism that it had");
}

Result<Batch*> RestoredBatches::DecodeOwn(std::string_view bytes, const InputChannelInfo& info,
                                          const InFlightReader& reader) {
  auto all = DecodeAll(bytes, info);
  if (!all.ok()) return all;
  Batch* const batch = all.value();
  ByteWriter rows, times, hashes;
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < batch->size; ++i) {
    if (OwnerOfKeyGroup(KeyGroup(batch->hashes[i]), reader.subtasks) != reader.subtask) continue;
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
