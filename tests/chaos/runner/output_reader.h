#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/runner/exactness.h"

namespace millrace::chaos {

/// Somebody who reads what file sinks have finished below a folder, while the job runs, dies and comes back. A file is read
/// when it is first seen: it has to be whole, and to stay as it is for ever.
class OutputReader {
 public:
  OutputReader(std::filesystem::path folder, RowRules rules)
      : folder_(std::move(folder)), rules_(std::move(rules)) {}

  /// A process of the job begins: runs that are first seen from now on come after those seen by now. The one before has ended,
  /// and there was a look since.
  void BeginProcess() { ++process_; }
  void Look();
  /// Reads all files once more.
  void LookAgain();

  RowSet& rows() { return rows_; }
  /// What no reader should ever see: files that have changed, gone, or are cut off.
  const std::vector<std::string>& faults() const { return faults_; }
  std::size_t files() const { return files_.size(); }
  std::size_t looks() const { return looks_; }
  /// Hidden files of this job; none when it has ended well.
  std::size_t Leftovers(const std::string& job_id) const;
  /// Rows with these hashes, or keys, and where they stand; at most so many lines.
  std::vector<std::string> Find(const std::vector<std::uint64_t>& hashes, std::size_t most) const;

 private:
  struct File {
    std::uint64_t hash = 0;
    std::size_t look = 0;  // in which it was last seen
  };
  using Path = std::filesystem::path;

  /// Notes the run whose file this is. Its number in the order of runs.
  std::int32_t NumberOf(const std::string& run);
  void Read(const Path& path);

  Path folder_;
  RowRules rules_;
  RowSet rows_;
  std::map<std::string, File> files_;
  std::map<std::string, std::int32_t> processes_;  // of each run's name without the attempt
  std::vector<std::string> faults_;
  std::int32_t process_ = 0;
  std::size_t looks_ = 0;
};

}  // namespace millrace::chaos
