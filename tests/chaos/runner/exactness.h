#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Whether what a job has written is what a run without faults writes. Pure: rows are hashes, files are numbers.
namespace millrace::chaos {

/// What a row says of its place among those that have its key: positions never descend where it was written.
struct RowClaim {
  std::uint64_t key = 0;
  std::int64_t position = 0;
};

/// How the rows of a job are to be read.
struct RowRules {
  /// None: the row's place says nothing.
  std::function<std::optional<RowClaim>(std::string_view row)> claim;
  /// Rows replace those of their key and only the last one is certain, and how many there are. All of them have a claim.
  bool updates = false;
};

/// Where a row stands. Runs are numbered in the order in which they came; a subtask's files in the order in which they were
/// written, as far as they are of one bucket.
struct RowPlace {
  std::int32_t run = 0;
  std::int32_t subtask = 0;
  std::int64_t file = 0;
  std::int64_t line = 0;
};

/// The rows of a job.
class RowSet {
 public:
  void Add(std::string_view row, const RowPlace& place, const RowRules& rules);

  struct Claimed {
    RowClaim claim;
    std::uint64_t row = 0;
    RowPlace place;
  };
  /// Hashes: of rows, or of keys where rows are updates.
  std::vector<std::uint64_t>& rows() { return rows_; }
  std::vector<Claimed>& claimed() { return claimed_; }

 private:
  std::vector<std::uint64_t> rows_;
  std::vector<Claimed> claimed_;
};

struct Verdict {
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;  // too many: there before, or no row at all
  std::int64_t out_of_order = 0;
  /// Hashes as in RowSet::rows: of a few that are wrong.
  std::vector<std::uint64_t> lost_rows, duplicated_rows;
  std::vector<std::uint64_t> out_of_order_keys;

  bool exact() const { return lost == 0 && duplicated == 0 && out_of_order == 0; }
};

/// Sorts both.
Verdict Compare(RowSet& expected, RowSet& seen, const RowRules& rules);

std::uint64_t HashOfRow(std::string_view row);

}  // namespace millrace::chaos
