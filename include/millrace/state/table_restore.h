#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "millrace/base/arena.h"
#include "millrace/base/status.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// Which snapshot of a chain a key group's rows begin with: what older ones have of it is void.
class SnapshotChain {
 public:
  SnapshotChain() : first_(1 << 16) {}
  /// The content of a kTable block of the chain's `snapshot`-th file, from 0; for every file before any is applied. False when
  /// it is none. Blocks of other tables are passed over.
  bool Scan(std::uint64_t table, std::uint32_t snapshot, std::string_view block);
  /// Of a kTable block: whose it is, and how many rows that table had when the snapshot began. 0: it does not say.
  struct Head {
    std::uint64_t table = 0;
    std::uint64_t rows = 0;
  };
  static Head HeadOf(std::string_view block);
  bool Holds(std::uint32_t key_group, std::uint32_t snapshot) const {
    return snapshot >= first_[key_group];
  }

 private:
  std::vector<std::uint32_t> first_;
};

/// Fills an empty table from the blocks of a chain of snapshots, oldest first. Rows of key groups that are not the table's are
/// passed over: any number of subtasks may restore from the files of any other number.
class TableRestore {
 public:
  /// All outlive it.
  TableRestore(std::uint64_t number, StateTable* table, const SnapshotChain* chain);
  ~TableRestore();
  TableRestore(const TableRestore&) = delete;
  TableRestore& operator=(const TableRestore&) = delete;

  /// One block of the chain's `snapshot`-th file. DATA_LOSS when it does not decode.
  Status Apply(std::uint32_t snapshot, SnapshotBlock kind, std::string_view block);

 private:
  Status ApplyRows(std::uint32_t snapshot, ByteReader& in);
  Status ApplyImages(std::uint32_t snapshot, const RowImage& image, ByteReader& in);
  Status ApplyErased(std::uint32_t snapshot, ByteReader& in);
  bool Wanted(std::uint64_t hash, std::uint32_t snapshot) const;

  std::uint64_t number_;
  StateTable* table_;
  const SnapshotChain* chain_;
  Arena arena_;               // of the strings that are being decoded
  std::byte* row_ = nullptr;  // a constructed row that is in no table
};

}  // namespace millrace
