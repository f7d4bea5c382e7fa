#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "millrace/storage/file_system.h"
#include "runtime/checkpoint/local/local_copy.h"
#include "runtime/checkpoint/manifest.h"

namespace millrace {

/// A checkpoint folder that a job writes into; nobody else does meanwhile. (checkpoint_folder.h: what is in it)
///
/// A manifest is written last and appears as a whole; what no manifest names counts for nothing. Files of a failed run stay
/// until they are cleaned up on purpose. Write and Retain are called by one thread at a time.
class CheckpointStore {
 public:
  /// Makes the folder when there is none, locks it, and reads the manifests that are there. `owner` is a word on who that
  /// is, for whoever finds it locked. `files` outlives the store.
  static Result<std::unique_ptr<CheckpointStore>> Open(FileSystem* files, std::string folder,
                                                       const std::string& owner);

  /// The folder of a job that another process has opened: for snapshot files alone.
  static std::unique_ptr<CheckpointStore> OpenedElsewhere(FileSystem* files, std::string folder) {
    return std::unique_ptr<CheckpointStore>(new CheckpointStore(files, std::move(folder)));
  }

  /// From now on snapshot files are copied there as they are written. Before the first one is.
  void SetLocalCopy(std::unique_ptr<LocalCopy> local) { local_ = std::move(local); }
  /// Null: there is none.
  LocalCopy* local_copy() const { return local_.get(); }

  FileSystem& files() { return *files_; }
  const std::string& folder() const { return folder_; }
  /// Those that are there, by id; null: it can't be read.
  const std::map<std::int64_t, std::optional<Manifest>>& manifests() const { return manifests_; }
  /// The highest id of a manifest; 0: there is none.
  std::int64_t newest() const { return manifests_.empty() ? 0 : manifests_.rbegin()->first; }
  /// Checkpoints with this id of a job are its own: it goes on from one of them.
  void Adopt(const std::string& job_id);
  /// The newest that this process has written; 0: none.
  std::int64_t written() const { return written_; }
  /// A new snapshot file; `name` begins below the folder.
  Result<std::unique_ptr<WritableFile>> CreateSnapshot(const std::string& name);
  /// Removes what of the local copy no manifest names: nobody is writing. A manifest that can't be read has no say there, as it can't be
  /// restored.
  void CleanLocalCopy();
  /// Durable when it is OK: file, name, and the names of the snapshot files. When it is not, the manifest may be there all the same:
  /// see Settle.
  Status Write(const Manifest& manifest);
  /// Before another attempt goes on from what was written: finds out whether the manifest is there whose Write failed last. What
  /// later starts may find must not be passed over, for an attempt voids what older ones have prepared.
  Status Settle();
  /// Keeps the newest `count` of those that were written or adopted; removes the manifests of older ones of these, and their
  /// files that no manifest names. Others are left alone. What can't be removed is logged and stays. The local copy is cleaned up to the
  /// newest.
  void Retain(std::size_t count);

 private:
  CheckpointStore(FileSystem* files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}
  void Keep(const Manifest& manifest);
  void RemoveOld(std::size_t count);
  /// Snapshot files that some manifest names.
  std::set<std::string> Needed() const;

  FileSystem* files_;
  std::string folder_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<LocalCopy> local_;
  std::map<std::int64_t, std::optional<Manifest>> manifests_;
  std::set<std::int64_t> own_;
  std::int64_t written_ = 0;
  std::optional<Manifest> unsure_;  // whether it is there is not known
};

}  // namespace millrace
