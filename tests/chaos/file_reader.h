#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace millrace::chaos {

/// How often each row stands in the output.
using Rows = std::map<std::string, int>;

/// Somebody who reads a file sink's finished files while the job runs, dies and comes back. Looks are complete: a file that is
/// not among those of one look is not there.
class FileReader {
 public:
  explicit FileReader(const Rows* expected) : expected_(expected) {}

  /// One look: finished files with their bytes, by path.
  void Look(std::map<std::string, std::string> files) {
    ++looks_;
    Rows rows;
    for (const auto& [path, bytes] : files) {
      const auto [seen, fresh] = seen_.emplace(path, bytes);
      EXPECT_EQ(seen->second, bytes) << path << " has changed";
      EXPECT_TRUE(bytes.ends_with('\n')) << path << " is cut off";
      for (std::size_t at = 0, end = 0; (end = bytes.find('\n', at)) != std::string::npos;
           at = end + 1)
        ++rows[bytes.substr(at, end - at)];
    }
    for (const auto& [row, count] : rows) {
      const auto want = expected_->find(row);
      EXPECT_TRUE(want != expected_->end()) << "a row that is none: " << row;
      if (want != expected_->end()) EXPECT_LE(count, want->second) << "twice: " << row;
    }
    rows_ = std::move(rows);
  }
  /// Of the last look.
  const Rows& rows() const { return rows_; }
  int looks() const { return looks_; }

 private:
  const Rows* expected_;
  std::map<std::string, std::string> seen_;
  Rows rows_;
  int looks_ = 0;
};

/// A bucket for the sinks of the chaos job.
inline std::string BucketOf(const std::string& row) {
  return "size=" + std::to_string(row.size() % 3);
}

}  // namespace millrace::chaos
