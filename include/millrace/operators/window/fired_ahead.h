#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "millrace/io/key.h"

namespace millrace {

/// The keys for which windows have fired through a later time than for the operator as a whole. The subtasks of an unaligned
/// checkpoint may stand at different watermarks; one that is restored from several of them goes on from the earliest, and
/// must not fire again what the others have fired.
class FiredAhead {
 public:
  struct Groups {
    std::uint32_t begin = 0, end = 0;  // key groups
    std::int64_t through = INT64_MIN;
  };

  /// `groups` of several subtasks, no two with a key group in common.
  void Restore(std::vector<Groups> groups);
  bool empty() const { return groups_.empty(); }
  /// The latest time of all; INT64_MIN when there are none.
  std::int64_t latest() const { return latest_; }
  /// For a key with this hash; INT64_MIN when it is not ahead.
  std::int64_t Through(std::uint64_t hash) const;
  /// The operator has fired through this time: who is not ahead of it any more is forgotten.
  void CatchUp(std::int64_t through) {
    if (through >= latest_) Clear();
  }
  const std::vector<Groups>& groups() const { return groups_; }

 private:
  void Clear() {
    groups_.clear();
    latest_ = INT64_MIN;
  }
  std::vector<Groups> groups_;  // in order
  std::int64_t latest_ = INT64_MIN;
};

}  // namespace millrace
