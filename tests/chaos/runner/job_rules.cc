#include "tests/chaos/runner/job_rules.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <set>
#include <utility>

#include "tests/chaos/chaos_shapes.h"

namespace millrace::chaos {
namespace {

using Claim = std::optional<RowClaim>;

/// A row's columns, as far as they are asked for.
struct Columns {
  explicit Columns(std::string_view row) {
    for (std::string_view& column : columns) {
      const std::size_t end = row.find('|');
      column = row.substr(0, end);
      row.remove_prefix(end == std::string_view::npos ? row.size() : end + 1);
    }
  }
  std::int64_t Number(std::size_t i) const {
    std::int64_t number = 0;
    std::from_chars(columns[i].data(), columns[i].data() + columns[i].size(), number);
    return number;
  }
  /// The first n of them.
  std::uint64_t Key(std::size_t n) const {
    const char* begin = columns[0].data();
    const char* end = columns[n - 1].data() + columns[n - 1].size();
    return HashOfRow({begin, static_cast<std::size_t>(end - begin)});
  }
  std::array<std::string_view, 4> columns;
};

Claim ClaimOfFeatures(std::string_view row) {
  // Counters of a key, and ends of its windows and timers.
  static const std::set<std::string_view> kAscending = {"seen",   "merged",   "pairs",   "count",
                                                        "bucket", "tumbling", "sliding", "session",
                                                        "recent", "noted"};
  // In the order in which a split has them.
  static const std::set<std::string_view> kOfSplits = {"passed", "dealt", "five"};
  const Columns columns(row);
  const std::string_view kind = columns.columns[0];
  if (kind == "numbered") return RowClaim{columns.Key(1), columns.Number(1)};
  if (kAscending.contains(kind)) return RowClaim{columns.Key(2), columns.Number(2)};
  if (!kOfSplits.contains(kind)) return std::nullopt;
  const std::int64_t number = columns.Number(2);
  const auto split = static_cast<std::uint64_t>(number % Shape().splits);
  return RowClaim{columns.Key(2) + split, number};
}

/// Its first column is the key, another one the time from which the row is.
template <std::size_t kKeys, std::size_t kPosition>
Claim ClaimOfColumns(std::string_view row) {
  const Columns columns(row);
  return RowClaim{columns.Key(kKeys), columns.Number(kPosition)};
}

Claim ClaimOfUpdates(std::string_view row) {
  return RowClaim{HashOfRow(row.substr(0, row.find(kKeyEnd))), 0};
}

/// A row of q17 has counted the bids of its key.
Claim ClaimOfCounts(std::string_view row) {
  return ClaimOfColumns<2, 2>(row.substr(row.find(kKeyEnd) + 1));
}

}  // namespace

std::optional<RowRules> RulesOf(std::string_view job) {
  if (job == "all_features") return RowRules{&ClaimOfFeatures};
  if (job == "q4") return RowRules{&ClaimOfUpdates, true};
  if (job == "q5" || job == "q9") return RowRules{};
  if (job == "q8") return RowRules{&ClaimOfColumns<1, 2>};
  if (job == "q11") return RowRules{&ClaimOfColumns<1, 2>};
  if (job == "q17") return RowRules{&ClaimOfCounts};
  return std::nullopt;
}

std::string BucketOfRow(const std::string& row) {
  if (ClaimOfFeatures(row).has_value()) return "ordered";
  return "size=" + std::to_string(row.size() % 3);
}

}  // namespace millrace::chaos
