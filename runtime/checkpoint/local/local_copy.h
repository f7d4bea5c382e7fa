#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "millrace/storage/file_system.h"

namespace millrace {

/// A second copy of a job's snapshot files, on a disk that is faster than the checkpoint folder's; a restore reads it first.
/// (Flink: task-local recovery)
///
///   DIR/millrace-HASH/tasks/RUN-v0-s1-c17.snapshot    as in the checkpoint folder; HASH says which folder that is
///   DIR/millrace-HASH/lock                            held by the job that writes into it
///
/// Best effort: nothing is synced, and what can't be written is logged once and is not there. Any thread.
class LocalCopy {
 public:
  /// The copy in the folder `dir` of what lies in `checkpoint_dir`, which exists. INVALID_ARGUMENT when `dir` can't be what the user
  /// means; other errors may be gone at the next start. `owner` is a word on who that is.
  static Result<std::unique_ptr<LocalCopy>> Open(const std::string& dir,
                                                 const std::string& checkpoint_dir,
                                                 const std::string& owner);
  /// One that another process has opened, and what that calls its location().
  static Result<std::unique_ptr<LocalCopy>> OpenedElsewhere(const std::string& location);

  FileSystem& files() const { return *files_; }
  /// The job's own folder below `dir`, as LocateFiles takes it.
  const std::string& location() const { return location_; }
  std::string PathOf(const std::string& name) const { return JoinPath(folder_, name); }

  /// A file that writes what it is given into `file`, and then into the copy of the same name. Its errors are those of `file`. The copy
  /// outlives it.
  std::unique_ptr<WritableFile> Doubled(std::unique_ptr<WritableFile> file,
                                        const std::string& name);
  /// Removes the snapshot files that are not `needed`, of checkpoints up to `through`: younger ones may be being written.
  void RemoveUnneeded(const std::set<std::string>& needed, std::int64_t through);
  /// Makes the folder again when somebody has removed it.
  void MakeFolder();
  /// Says that the copy is not complete, the first time.
  void OnTrouble(const Status& why);

 private:
  LocalCopy(FileSystem* files, std::string folder, std::string location)
      : files_(files), folder_(std::move(folder)), location_(std::move(location)) {}

  FileSystem* files_;
  const std::string folder_, location_;
  std::unique_ptr<FileLock> lock_;
  std::atomic<bool> told_{false};
};

}  // namespace millrace
