#pragma once

#include <cstddef>
#include <vector>

namespace millrace {

/// Which of a job's worker processes this is: worker w of n holds the subtasks s of every vertex for which s mod n is w.
struct Placement {
  int worker = 0;
  int workers = 1;

  int WorkerOf(int subtask) const { return subtask % workers; }
  bool Holds(int subtask) const { return WorkerOf(subtask) == worker; }
  /// Where a subtask that is held here stands among those of its vertex.
  std::size_t SlotOf(int subtask) const { return static_cast<std::size_t>(subtask / workers); }
};

}  // namespace millrace
