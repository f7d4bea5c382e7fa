#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/storage/file_system.h"

namespace millrace {

/// What a look at everything in a checkpoint folder finds.
struct FolderReport {
  struct Checkpoint {
    std::int64_t id = 0;
    std::string job;
    std::int64_t ended_millis = 0;
    std::uint64_t bytes = 0;  // of the snapshot files that it names
    Status status;            // OK: every block of it was read and is as it was written
  };
  std::vector<Checkpoint> checkpoints;  // oldest first
  std::vector<std::string> orphans;     // below the folder: files that nothing complete names
};

/// Reads every byte of every checkpoint. Harms nothing, also while a job writes into the folder: then files of the
/// checkpoint that is under way are among the orphans.
Result<FolderReport> ScrubCheckpoints(FileSystem& files, const std::string& folder);

/// Removes the orphans and says which; never what a manifest names. ALREADY_EXISTS when a job has the folder, DATA_LOSS when
/// a manifest can't be read: what that needs nobody knows.
Result<std::vector<std::string>> RemoveOrphans(FileSystem& files, const std::string& folder);

}  // namespace millrace
