#pragma once

#include <cstdint>
#include <vector>

#include "millrace/operators/snapshot.h"
#include "millrace/operators/window/fired_ahead.h"

namespace millrace {

/// What windows made of panes have in a checkpoint besides the panes' tables: the content of their kOperator block.
struct SliceProgress {
  std::int64_t fired_through = INT64_MIN;
  std::vector<std::int64_t> panes;  // their starts, ascending
  std::vector<FiredAhead::Groups> ahead;

  ByteWriter Encoded() const;
  /// Of all chains: the earliest that was fired through, whose keys are ahead of that, and every pane of any. What is no such block
  /// is thrown.
  static SliceProgress Restored(const OperatorRestore& from);
};

/// Whether a pane of times that there are may begin there: what a checkpoint says is no time that sums overflow with.
constexpr bool MayBePaneStart(std::int64_t start) {
  return start >= kMinTimestamp.millis() - kMaxDuration.count() && start <= kMaxTimestamp.millis();
}

}  // namespace millrace
