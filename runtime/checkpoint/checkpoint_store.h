#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "millrace/storage/file_system.h"
#include "runtime/checkpoint/manifest.h"

namespace millrace {

/// A checkpoint folder: manifests, and the snapshot files that they name.
///
///   FOLDER/checkpoint-17.manifest
///   FOLDER/tasks/RUN-v0-s1-c17.snapshot    of vertex 0, subtask 1, for checkpoint 17
///
/// A manifest is written last and appears as a whole; what no manifest names counts for nothing. Files of a failed run stay
/// until they are cleaned up on purpose.
class CheckpointStore {
 public:
  /// Makes the folder when there is none. `files` outlives the store.
  static Result<CheckpointStore> Open(FileSystem* files, std::string folder);

  FileSystem& files() { return *files_; }
  const std::string& folder() const { return folder_; }
  /// Manifests that are there, by id, oldest first.
  const std::map<std::int64_t, std::string>& manifests() const { return manifests_; }
  Result<Manifest> Read(std::int64_t id) const;
  /// Of any manifest file.
  static Result<Manifest> ReadFile(FileSystem& files, const std::string& path);
  /// Durable when it is OK: file, name, and the names of the snapshot files.
  Status Write(const Manifest& manifest);
  /// Keeps the newest `count` manifests and the files that they name; removes older manifests of this process and their
  /// files that no other names. What can't be removed is logged and stays.
  void Retain(std::size_t count);

 private:
  CheckpointStore(FileSystem* files, std::string folder)
      : files_(files), folder_(std::move(folder)) {}

  FileSystem* files_;
  std::string folder_;
  std::map<std::int64_t, std::string> manifests_;  // paths
  std::map<std::int64_t, Manifest> known_;         // those that this process has written or read
};

}  // namespace millrace
