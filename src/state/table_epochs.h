#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "millrace/io/bytes.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// What a table with snapshots knows beside its rows.
///
/// A flag is the epoch of the row's last change, or its sub-table's *mark* when a snapshot has written it since. A
/// snapshot closes an epoch: rows with that flag are owed to it. A sub-table that it writes whole has a second mark, which
/// written rows get: there every row is owed that has neither this mark nor the flag of a later epoch. At the end the
/// second mark becomes the sub-table's.
struct StateTable::Epochs {
  static constexpr std::uint8_t kMarks[2] = {0, 4};

  struct Sub {
    std::uint8_t mark = 0;         // index into kMarks
    std::uint8_t whole_in = 0;     // the epoch of the open snapshot that writes it whole; 0: none
    std::uint64_t delta_rows = 0;  // written since it was written whole
    std::int64_t base = 0;         // the snapshot that has it whole
  };
  struct Open {
    TableSnapshot* to = nullptr;
    std::uint8_t epoch = 0;
    bool any_whole = false;
    Cursor cursor;
  };

  /// A sub-table's rows have other places: the older snapshot walks it again.
  void OnMoved(std::uint32_t sub);
  /// The one sub-table has become `count`.
  void OnSplit(std::size_t count);
  void OnCleared();
  /// Keeps the key for the next snapshot; when they become more than the rows there are, the next one is whole instead
  /// (unless one is open: two whole ones can't be).
  void OnErased(const RowLayout& layout, const std::byte* row, std::uint64_t rows);

  std::vector<Sub> subs;
  std::array<Open, 2> open;  // the older one first
  ByteWriter erased;         // keys, in this epoch
  std::uint32_t erased_count = 0;
  std::uint64_t changed = 0;  // rows, in this epoch
  std::size_t turn = 0;       // the sub-table that is asked next whether it was written long ago
  bool lost = true;           // no snapshot was made so far: the next one is written whole
};

}  // namespace millrace
