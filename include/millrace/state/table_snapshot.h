#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "millrace/io/bytes.h"
#include "millrace/io/key.h"
#include "millrace/state/row_layout.h"

namespace millrace {

/// The key groups [begin, end) of 2^16 that a subtask owns.
struct KeyGroupRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 1 << 16;
  /// The range of subtask `index` of `parallelism`; the inverse of OwnerOfKeyGroup.
  static KeyGroupRange Of(int index, int parallelism);
};

/// Kinds of the blocks of a table's snapshot. docs/formats/snapshot.md
/// A table's rows are all of the key groups that are written whole, and of the others those that have changed.
enum class SnapshotBlock : std::uint16_t {
  kTable = 1,   // a table begins: its number, the key groups that are written whole, its size
  kErased = 2,  // keys that have gone since the snapshot before
  kRows = 3,    // rows
  // What an operator has besides tables; each snapshot has all of it.
  kOperator = 16,        // its own few bytes
  kSplits = 17,          // of a source: where its splits are read on
  kCommittables = 18,    // of a sink: what is to be committed when the checkpoint is complete
  kPane = 19,            // of sliding windows: keys and accumulators of one pane
  kOperatorStates = 20,  // of a function: the states that belong to the subtask
  // What a task has besides its operators.
  kInFlight = 24,  // an element that its barrier has overtaken
};

/// Takes the finished blocks of a snapshot, in order; they may be written by another thread.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  virtual void Take(SnapshotBlock kind, ByteWriter block) = 0;
  /// Where in a page the next block would best begin in memory (`ByteWriter::Placed`); only a hint.
  virtual std::size_t NextPhase() const { return 0; }
};

/// What one snapshot writes of one table: rows become blocks of bytes.
class TableSnapshot {
 public:
  /// `table` tells an operator's tables apart, `id` its snapshots: they rise. Layout and sink outlive the snapshot.
  TableSnapshot(std::uint64_t table, std::int64_t id, const RowLayout* layout, BlockSink* sink);

  /// First: which key groups are written whole, how many rows the table has, and the keys erased since the last snapshot
  /// (`count` of them, encoded).
  void Begin(const std::vector<KeyGroupRange>& whole, std::uint64_t rows, std::string_view erased,
             std::uint32_t count);
  void AddRow(const std::byte* row) { AddRows(&row, 1); }
  /// `count` of them, in one go where they are plain.
  void AddRows(const std::byte* const* rows, std::uint32_t count);
  /// Last: no row is owed any more.
  void End() { Flush(); }

  std::int64_t id() const { return id_; }
  /// The oldest snapshot that a restore of this one reads. Known when it has begun.
  std::int64_t oldest() const { return oldest_; }
  void set_oldest(std::int64_t id) { oldest_ = id; }
  std::uint64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_ + block_.size(); }

 private:
  static constexpr std::size_t kBlockBytes = 128 * 1024;
  static constexpr std::size_t kCountAt = sizeof(std::uint64_t);
  void Flush();
  void StartBlock();
  /// As many rows as may be added without a look at the size: the block is full with the last, or has room.
  std::uint32_t ImagesThatFit() const;

  std::uint64_t table_;
  std::int64_t id_;
  std::int64_t oldest_;
  const RowLayout* layout_;
  const RowImage* image_;
  BlockSink* sink_;
  ByteWriter block_;
  std::uint32_t rows_in_block_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace millrace
