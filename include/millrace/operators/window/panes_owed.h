#pragma once

#include <cstdint>
#include <memory>

#include "millrace/io/bytes.h"

namespace millrace {

class OperatorSnapshot;

/// The kPane blocks that one snapshot has of sliding windows: i64 start of the pane, u32 count, then entries.
class PaneBlocks {
 public:
  explicit PaneBlocks(OperatorSnapshot* to) : to_(to) {}
  /// Where the next entry of a pane goes; it is counted.
  ByteWriter& Next(std::int64_t start);
  /// Last.
  void Flush();

 private:
  OperatorSnapshot* to_;
  std::int64_t start_ = 0;
  ByteWriter block_;
  std::uint32_t count_ = 0;
};

/// What sliding windows owe to open snapshots: the entries that stood in their panes' logs at the barrier. Those do not change
/// any more (SlidingStore::Seal), so that they are written when there is time, and before their pane goes.
class PanesOwed {
 public:
  /// Entries [begin, end) of the pane that starts at `start` are to be written to `to`, now.
  struct Run {
    std::int64_t start = 0;
    std::uint32_t begin = 0, end = 0;
    PaneBlocks* to = nullptr;
    std::uint32_t count() const { return end - begin; }
  };

  PanesOwed();
  ~PanesOwed();
  /// A snapshot begins; then Owe for each pane.
  void Begin(OperatorSnapshot* to);
  void Owe(std::int64_t start, std::uint32_t entries);
  /// The next entries that are owed to the oldest snapshot, at most `max` and of one pane. None: it has all, and is closed.
  Run TakeOldest(std::uint32_t max);
  /// The same of one pane, to whichever snapshot they are owed. None: it owes none.
  Run TakeOf(std::int64_t start, std::uint32_t max);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
