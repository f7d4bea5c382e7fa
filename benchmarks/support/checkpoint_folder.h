#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace benchmark_support {

/// A folder for the checkpoints of a measured job; it goes with this.
class CheckpointFolder {
 public:
  /// Below MILLRACE_BENCHMARK_DIR, or /tmp.
  CheckpointFolder();
  ~CheckpointFolder();
  CheckpointFolder(const CheckpointFolder&) = delete;
  CheckpointFolder& operator=(const CheckpointFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// `-D` settings of a job that takes a checkpoint there each `interval`, e.g. "1s".
  std::vector<std::string> Settings(const std::string& interval) const;

 private:
  std::filesystem::path path_;
};

/// How fast the folder's file system takes `megabytes` in one file, with its fsync: megabytes a second.
double WriteRate(const std::filesystem::path& folder, int megabytes);

}  // namespace benchmark_support
