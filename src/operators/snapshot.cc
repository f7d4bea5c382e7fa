#include "millrace/operators/snapshot.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

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
  const NumberedTable one{number, table};
  if (context.restore != nullptr)
    ThrowIfNotRestored(RestoreTables(*context.restore, std::span(&one, 1)));
}

namespace {

/// A table that is being restored from one chain.
struct Restoring {
  std::uint64_t number = 0;
  SnapshotChain chain;
  std::optional<TableRestore> restore;
};

/// From one chain, whose blocks are read twice.
Status RestoreFromChain(const OperatorRestore& from, std::size_t i,
                        std::span<const NumberedTable> tables) {
  std::unordered_map<std::uint64_t, Restoring> restoring;
  for (const NumberedTable& t : tables) {
    Restoring& r = restoring[t.number];
    r.number = t.number;
    r.restore.emplace(t.number, t.table, &r.chain);
  }
  Restoring* of = nullptr;  // whose block it is; null: of none of these tables
  const auto find = [&](std::string_view block) {
    std::uint64_t number = 0;
    const bool ok = ByteReader(block).Get(&number);
    const auto at = restoring.find(number);
    of = at == restoring.end() ? nullptr : &at->second;
    return ok;
  };
  const auto scan = [&](const OperatorRestore::Block& block) {
    const bool ok = find(block.bytes);
    if (ok && (of == nullptr || of->chain.Scan(of->number, block.snapshot, block.bytes)))
      return Status::Ok();
    return Status::DataLoss("restore keyed state: the head of a table does not decode");
  };
  MILLRACE_RETURN_IF_ERROR(from.ForEach(i, 0, SnapshotBlock::kTable, scan));
  return from.ForEach(i, 0, std::nullopt, [&](const OperatorRestore::Block& block) {
    if (block.kind != SnapshotBlock::kErased && block.kind != SnapshotBlock::kRows)
      return Status::Ok();
    if (!find(block.bytes)) return Status::DataLoss("restore keyed state: a block does not decode");
    if (of == nullptr) return Status::Ok();
    return of->restore->Apply(block.snapshot, block.kind, block.bytes);
  });
}

/// Makes room for what will come: of each chain about as many rows as its newest snapshot says, as far as they fall to
/// the table's key groups and the chain's bytes can hold them.
Status ReserveRows(const OperatorRestore& from, std::span<const NumberedTable> tables) {
  struct Expected {
    StateTable* table = nullptr;
    std::uint64_t rows = 0;
  };
  std::unordered_map<std::uint64_t, Expected> expected;
  for (const NumberedTable& t : tables) expected[t.number].table = t.table;
  for (std::size_t i = 0; i < from.chains(); ++i) {
    const std::uint64_t bytes = from.length(i) == 0 ? 0 : from.bytes(i);
    if (bytes == 0) continue;
    const KeyGroupRange range =
        KeyGroupRange::Of(static_cast<int>(i), static_cast<int>(from.chains()));
    const auto add = [&](const OperatorRestore::Block& block) {
      const auto head = SnapshotChain::HeadOf(block.bytes);
      const auto at = expected.find(head.table);
      if (at == expected.end()) return Status::Ok();
      StateTable& table = *at->second.table;
      const KeyGroupRange own = from.same_subtask() ? range : table.key_groups();
      const std::uint32_t begin = std::max(own.begin, range.begin);
      const std::uint32_t end = std::max(begin, std::min(own.end, range.end));
      const std::uint64_t rows = std::min(head.rows, bytes / table.layout().least_bytes());
      at->second.rows += rows * (end - begin) / (range.end - range.begin);
      return Status::Ok();
    };
    MILLRACE_RETURN_IF_ERROR(from.ForEach(i, from.length(i) - 1, SnapshotBlock::kTable, add));
  }
  for (const auto& [number, e] : expected) e.table->Reserve(e.rows);
  return Status::Ok();
}

}  // namespace

Status RestoreTables(const OperatorRestore& from, std::span<const NumberedTable> tables) {
  constexpr std::size_t kAtOnce = 64;  // each holds 256 KiB meanwhile, its chain
  while (!tables.empty()) {
    const auto some = tables.first(std::min(kAtOnce, tables.size()));
    MILLRACE_RETURN_IF_ERROR(ReserveRows(from, some));
    for (std::size_t i = 0; i < from.chains(); ++i)
      MILLRACE_RETURN_IF_ERROR(RestoreFromChain(from, i, some));
    for (const NumberedTable& t : some)
      t.table->EndRestore(from.same_subtask() ? std::optional(from.oldest(0)) : std::nullopt);
    tables = tables.subspan(some.size());
  }
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
