#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/chaos/runner/exactness.h"

namespace millrace::chaos {

/// What is run, and what is done to it.
struct ChaosOrder {
  std::string job = "all_features";
  std::uint64_t seed = 1;
  std::int64_t records = 10000;
  double rate = 10000;  // records a second
  int workers = 4;      // 0: one process
  int kills = 0;        // of a worker
  int kill_alls = 0;
  bool unaligned = false;
  std::string interval = "100ms";
  bool local_copy =
      false;  // of checkpoints; some of its files are damaged or removed at each fault
  std::filesystem::path programs;  // the folder of chaos_job and chaos_query
  std::filesystem::path folder;    // for files and checkpoints; its own
};

struct ChaosResult {
  int kills = 0, kill_alls = 0, restores = 0;
  std::int64_t local_files = 0;  // that restores took from local copies
  Verdict verdict;
  std::size_t files = 0, looks = 0;
  /// What went wrong beside rows, and rows that are wrong.
  std::vector<std::string> faults;

  bool exact() const { return faults.empty() && verdict.exact(); }
};

/// Runs a job without faults, then as a process with workers that are killed at random times, or all of them, and started
/// again from the newest checkpoint under other settings, until all faults have happened; only then the job's source ends. A
/// reader looks at the finished files all the while. Says on standard error what it does, if `loud`.
ChaosResult RunChaos(const ChaosOrder& order, bool loud);

}  // namespace millrace::chaos
