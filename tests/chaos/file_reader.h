#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace millrace::chaos {

/// How often each row stands in the output.
using Rows = std::map<std::string, int>;

/// Somebody who reads a file sink's finished files while the job runs, dies and comes back. Looks are complete: a file that is
/// not among those of one look is not there (a loss of power may take back what it was finished with). A file is read when
/// it comes or goes: many looks cost little.
class FileReader {
 public:
  explicit FileReader(const Rows* expected) : expected_(expected) {}

  /// One look: finished files with their bytes, by path.
  void Look(std::map<std::string, std::string> files) {
    ++looks_;
    for (const auto& [path, bytes] : there_) {
      if (files.count(path) == 0) Count(bytes, -1);
    }
    for (const auto& [path, bytes] : files) {
      const auto [seen, fresh] = seen_.emplace(path, bytes);
      EXPECT_EQ(seen->second, bytes) << path << " has changed";
      EXPECT_TRUE(bytes.ends_with('\n')) << path << " is cut off";
      if (there_.count(path) == 0) Count(bytes, 1);
    }
    there_ = std::move(files);
  }
  /// Of the last look.
  const Rows& rows() const { return rows_; }
  int looks() const { return looks_; }

 private:
  void Count(const std::string& bytes, int sign) {
    for (std::size_t at = 0, end = 0; (end = bytes.find('\n', at)) != std::string::npos;
         at = end + 1) {
      const auto row = rows_.emplace(bytes.substr(at, end - at), 0).first;
      row->second += sign;
      if (row->second == 0) {
        rows_.erase(row);
        continue;
      }
      const auto want = expected_->find(row->first);
      EXPECT_TRUE(want != expected_->end()) << "a row that is none: " << row->first;
      if (want != expected_->end()) EXPECT_LE(row->second, want->second) << "twice: " << row->first;
    }
  }

  const Rows* expected_;
  std::map<std::string, std::string> there_;  // at the last look
  std::map<std::string, std::string> seen_;
  Rows rows_;
  int looks_ = 0;
};

/// A bucket for the sinks of the chaos job.
inline std::string BucketOf(const std::string& row) {
  return "size=" + std::to_string(row.size() % 3);
}

}  // namespace millrace::chaos
