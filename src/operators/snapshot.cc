#include "millrace/operators/snapshot.h"

#include <algorithm>
#include <optional>

#include "millrace/operators/operator.h"
#include "millrace/operators/user_error.h"
#include "millrace/state/state_table.h"
#include "millrace/state/table_restore.h"

namespace millrace {

void OperatorSnapshot::Freeze(std::uint64_t number, StateTable* table) {
  tables_.push_back(std::make_unique<TableSnapshot>(number, checkpoint_, &table->layout(), sink_));
  table->BeginSnapshot(tables_.back().get(), whole_);
}

void OpenTable(const OperatorContext& context, std::uint64_t number, StateTable* table) {
  if (context.checkpoints) {
    if (!table->layout().serializable()) ThrowNoSnapshots();
    table->ExpectSnapshots();
  }
  if (context.restore != nullptr) ThrowIfNotRestored(RestoreTable(*context.restore, number, table));
}

Status RestoreTable(const OperatorRestore& from, std::uint64_t number, StateTable* table) {
  for (std::size_t i = 0; i < from.chains(); ++i) {
    SnapshotChain chain;
    const auto scan = [&](const OperatorRestore::Block& block) {
      if (chain.Scan(number, block.snapshot, block.bytes)) return Status::Ok();
      return Status::DataLoss("restore keyed state: the head of a table does not decode");
    };
    MILLRACE_RETURN_IF_ERROR(from.ForEach(i, 0, SnapshotBlock::kTable, scan));
    TableRestore restore(number, table, &chain);
    MILLRACE_RETURN_IF_ERROR(
        from.ForEach(i, 0, std::nullopt, [&](const OperatorRestore::Block& block) {
          return restore.Apply(block.snapshot, block.kind, block.bytes);
        }));
  }
  table->EndRestore(from.same_subtask() ? std::optional(from.oldest(0)) : std::nullopt);
  return Status::Ok();
}

ByteWriter EncodedTimes(const std::vector<EventTime>& times) {
  ByteWriter out;
  for (const EventTime time : times) out.Put(time.millis());
  return out;
}

std::vector<EventTime> RestoredTimes(const OperatorRestore& from, std::size_t count) {
  std::vector<EventTime> times(count, EventTime::Max());
  std::size_t found = 0;
  ThrowIfNotRestored(
      ForEachNewest(from, SnapshotBlock::kOperator, [&](std::size_t, std::string_view bytes) {
        ByteReader in(bytes);
        for (EventTime& time : times) {
          std::int64_t millis = 0;
          in.Get(&millis);
          time = std::min(time, EventTime::FromMillis(millis));
        }
        ++found;
        return in.AtEnd() ? Status::Ok()
                          : Status::DataLoss("restore an operator: its times do not decode");
      }));
  if (found < from.chains()) times.assign(count, EventTime::Min());
  return times;
}

void ThrowNoSnapshots() {
  throw NoSnapshotsError(
      "checkpoints are on, but the operator's state (an accumulator?) is of a type that has no "
      "bytes for a "
      "snapshot: make it a MILLRACE_RECORD, or of fields that a record may have");
}

void ThrowIfNotRestored(const Status& status) {
  if (!status.ok()) throw RestoreError(status.message());
}

Status ForEachNewest(const OperatorRestore& from, SnapshotBlock kind,
                     const std::function<Status(std::size_t, std::string_view)>& visit) {
  for (std::size_t i = 0; i < from.chains(); ++i) {
    if (from.length(i) == 0) continue;
    const auto give = [&](const OperatorRestore::Block& block) { return visit(i, block.bytes); };
    MILLRACE_RETURN_IF_ERROR(from.ForEach(i, from.length(i) - 1, kind, give));
  }
  return Status::Ok();
}

}  // namespace millrace
