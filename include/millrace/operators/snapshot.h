#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/base/time.h"
#include "millrace/io/bytes.h"
#include "millrace/operators/user_error.h"
#include "millrace/state/table_snapshot.h"

namespace millrace {

class StateTable;
struct OperatorContext;

/// Where one operator's subtask writes its part of one checkpoint.
class OperatorSnapshot {
 public:
  /// `whole`: nothing from earlier checkpoints can be built on. The sink outlives the snapshot.
  OperatorSnapshot(std::int64_t checkpoint, BlockSink* sink, bool whole)
      : checkpoint_(checkpoint), sink_(sink), whole_(whole) {}

  std::int64_t checkpoint() const { return checkpoint_; }
  bool whole() const { return whole_; }
  /// Freezes one of the operator's keyed tables for this snapshot: what it owes is written by its SnapshotSlice, and before
  /// it changes.
  void Freeze(std::uint64_t number, StateTable* table);
  /// The oldest checkpoint whose files a restore of this one reads. Known when all tables have begun.
  std::int64_t oldest() const {
    std::int64_t oldest = checkpoint_;
    for (const auto& table : tables_) oldest = std::min(oldest, table->oldest());
    return oldest;
  }
  /// What is no table, and small.
  void Put(SnapshotBlock kind, ByteWriter bytes) { sink_->Take(kind, std::move(bytes)); }

 private:
  std::int64_t checkpoint_;
  BlockSink* sink_;
  bool whole_;
  std::vector<std::unique_ptr<TableSnapshot>> tables_;
};

/// What a checkpoint has of one operator, for the subtask that is being restored: a chain of snapshots for each subtask
/// that the operator had. An implementation reads files.
class OperatorRestore {
 public:
  struct Block {
    std::uint32_t snapshot = 0;  // within the chain, from 0, the oldest
    SnapshotBlock kind{};
    std::string_view bytes;
  };
  using Visit = std::function<Status(const Block&)>;

  virtual ~OperatorRestore() = default;
  virtual std::size_t chains() const = 0;
  /// How many snapshots a chain has.
  virtual std::uint32_t length(std::size_t chain) const = 0;
  /// The blocks of a chain, oldest snapshot first, in the order in which they were written: those of one kind, or all.
  /// From its `first` snapshot on. Stops at an error.
  virtual Status ForEach(std::size_t chain, std::uint32_t first, std::optional<SnapshotBlock> kind,
                         const Visit& visit) const = 0;
  /// The blocks of one kind in the newest snapshot of every subtask that the operator had, whichever the chains are of.
  virtual Status ForEachSubtask(
      SnapshotBlock kind,
      const std::function<Status(std::size_t, std::string_view)>& visit) const = 0;
  /// Bytes of a chain's blocks, or 0: not known.
  virtual std::uint64_t bytes(std::size_t chain) const {
    (void)chain;
    return 0;
  }
  /// The checkpoint of its oldest snapshot.
  virtual std::int64_t oldest(std::size_t chain) const = 0;
  /// There is one chain, of the same subtask at the same parallelism: the next snapshot may go on with it.
  virtual bool same_subtask() const = 0;
};

/// Makes a new table ready for what the context says: snapshots to come, a checkpoint to restore.
void OpenTable(const OperatorContext& context, std::uint64_t number, StateTable* table);

/// The few times that an operator has besides its tables, as the content of a kOperator block.
ByteWriter EncodedTimes(const std::vector<EventTime>& times);
/// `count` of them back: of each the earliest of all chains, for subtasks that were ahead wait for none. EventTime::Min()
/// where a checkpoint has none. What is no such block is thrown.
std::vector<EventTime> RestoredTimes(const OperatorRestore& from, std::size_t count);

/// The operator's state has types that can't be written, and checkpoints are on.
class NoSnapshotsError : public UserError {
 public:
  using UserError::UserError;
};
[[noreturn]] void ThrowNoSnapshots();

/// A checkpoint can't be restored: trying again does not help.
class RestoreError : public UserError {
 public:
  using UserError::UserError;
};
/// What went wrong with a restore, as a failure of the operator that is being opened.
void ThrowIfNotRestored(const Status& status);

struct NumberedTable {
  std::uint64_t number = 0;  // within the operator
  StateTable* table = nullptr;
};
/// Fills empty tables that expect snapshots with their key groups' rows, from all chains. Many at once cost little more than one:
/// what the operator has is read twice for each 64 of them, and the heads of its tables once more.
Status RestoreTables(const OperatorRestore& from, std::span<const NumberedTable> tables);

/// Visits the blocks of one kind in the newest snapshot of each chain: `visit(chain, bytes)`.
Status ForEachNewest(const OperatorRestore& from, SnapshotBlock kind,
                     const std::function<Status(std::size_t, std::string_view)>& visit);

}  // namespace millrace
