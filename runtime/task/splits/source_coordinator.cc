#include "runtime/task/splits/source_coordinator.h"

#include <utility>

#include "millrace/base/log.h"
#include "millrace/io/bytes.h"

namespace millrace {

SourceCoordinator::SourceCoordinator(std::unique_ptr<SplitEnumerator> enumerator, int parallelism)
    : enumerator_(std::move(enumerator)),
      deals_ahead_(enumerator_->DealsAhead(parallelism)),
      readers_(static_cast<std::size_t>(parallelism)) {
  for (int i = 0; i < parallelism; ++i) {
    readers_[static_cast<std::size_t>(i)].coordinator = this;
    readers_[static_cast<std::size_t>(i)].subtask = i;
  }
  if (deals_ahead_) start_ = Encoded();
}

void SourceCoordinator::OnRequest(int subtask) {
  Reader& reader = readers_[static_cast<std::size_t>(subtask)];
  {
    std::lock_guard lock(mutex_);
    bool no_more = false;
    // Also when a checkpoint keeps it from taking what it has, from before a restore: they are read together.
    for (std::string& split : enumerator_->Assign(subtask, &no_more)) {
      reader.assigned.push_back(std::move(split));
      any_split_ = true;
    }
    if (reader.courier != nullptr) SendToRemote(reader);
    const bool told = std::exchange(reader.no_more, no_more && reader.assigned.empty());
    if (reader.no_more && !told) {
      OnNoMore();
      if (reader.courier != nullptr) reader.courier->NoMoreSplits(reader.source, subtask);
    }
    if (reader.courier != nullptr) reader.courier->Answered(reader.source, subtask);
  }
  if (reader.waker != nullptr) reader.waker->Wake();
}

void SourceCoordinator::SetRemote(int subtask, int source, SplitCourier* courier) {
  Reader& reader = readers_[static_cast<std::size_t>(subtask)];
  reader.source = source;
  reader.courier = courier;
}

void SourceCoordinator::SendToRemote(Reader& reader) {
  for (const std::string& split : reader.assigned)
    reader.courier->Assign(reader.source, reader.subtask, split);
  reader.assigned.clear();
}

void SourceCoordinator::OnNoMore() {
  if (++done_readers_ < readers_.size() || any_split_) return;
  Log(kWarn, "the source's enumerator had no split for any subtask: nothing is read");
}

bool SourceCoordinator::Reader::TakeSplit(std::string* bytes) {
  std::lock_guard lock(coordinator->mutex_);
  if (assigned.empty() || coordinator->Closed(*this)) return false;
  *bytes = std::move(assigned.front());
  assigned.pop_front();
  return true;
}

bool SourceCoordinator::Reader::answered() {
  std::lock_guard lock(coordinator->mutex_);
  return assigned.empty();
}

void SourceCoordinator::Reader::OnBarrier(std::int64_t checkpoint) {
  std::lock_guard lock(coordinator->mutex_);
  barrier = checkpoint;
}

bool SourceCoordinator::Closed(const Reader& reader) const {
  return !open_.empty() && *open_.rbegin() > reader.barrier;
}

std::string SourceCoordinator::BeginCheckpoint(std::int64_t checkpoint) {
  std::lock_guard lock(mutex_);
  std::string part = Encoded();
  open_.insert(checkpoint);
  return part;
}

std::string SourceCoordinator::Encoded() const {
  DealtSplits waiting(readers_.size());
  for (std::size_t i = 0; i < readers_.size(); ++i) waiting.of(i) = readers_[i].assigned;
  ByteWriter out;
  out.Put(DealtSplits::kMark);
  out.PutString(enumerator_->Snapshot());
  waiting.Encode(out);
  return std::string(out.view());
}

Status SourceCoordinator::Decode(std::string_view bytes, Part* part) {
  ByteReader in(bytes);
  std::uint32_t first = 0;
  const bool marked = in.Get(&first) && first == DealtSplits::kMark;
  if (!marked) in = ByteReader(bytes);
  if (in.GetString(&part->enumerator) && part->waiting.Decode(in, marked) && in.AtEnd())
    return Status::Ok();
  return Status::DataLoss("restore a source: its coordinator's part does not decode");
}

void SourceCoordinator::EndCheckpoint(std::int64_t checkpoint) {
  {
    std::lock_guard lock(mutex_);
    if (open_.erase(checkpoint) == 0) return;
  }
  for (Reader& reader : readers_) {
    if (reader.waker != nullptr) reader.waker->Wake();
  }
}

void SourceCoordinator::StartAgain(std::unique_ptr<SplitEnumerator> enumerator) {
  std::lock_guard lock(mutex_);
  enumerator_ = std::move(enumerator);
  for (Reader& reader : readers_) {
    reader.assigned.clear();
    reader.no_more = false;
    reader.barrier = 0;
  }
  open_.clear();
  any_split_ = false;
  done_readers_ = 0;
}

Status SourceCoordinator::Restore(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  Part part(readers_.size());
  MILLRACE_RETURN_IF_ERROR(Decode(bytes, &part));
  for (std::size_t i = 0; i < readers_.size(); ++i)
    readers_[i].assigned = std::move(part.waiting.of(i));
  any_split_ = true;  // others may have been given out before the checkpoint
  if (!enumerator_->Restore(part.enumerator))
    return Status::DataLoss("restore a source: its splits do not decode");
  return Status::Ok();
}

Status SourceCoordinator::RestoreReader(int subtask, const std::optional<std::string>& bytes) {
  std::lock_guard lock(mutex_);
  Part part(readers_.size());
  MILLRACE_RETURN_IF_ERROR(Decode(bytes.has_value() ? *bytes : start_, &part));
  Reader& reader = readers_[static_cast<std::size_t>(subtask)];
  reader.assigned = std::move(part.waiting.of(static_cast<std::size_t>(subtask)));
  if (std::exchange(reader.no_more, false)) --done_readers_;
  reader.barrier = 0;
  if (!enumerator_->RestoreSubtask(subtask, part.enumerator))
    return Status::DataLoss("restore a source: the splits of a subtask do not decode");
  return Status::Ok();
}

bool SourceCoordinator::Reader::no_more_splits() {
  std::lock_guard lock(coordinator->mutex_);
  return no_more && assigned.empty();
}

}  // namespace millrace
