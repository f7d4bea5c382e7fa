#include "tests/chaos/runner/exactness.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "millrace/base/hash.h"

namespace millrace::chaos {
namespace {

constexpr std::size_t kFew = 10;

void Note(std::vector<std::uint64_t>* few, std::uint64_t hash) {
  if (few->size() < kFew && (few->empty() || few->back() != hash)) few->push_back(hash);
}

void CompareRows(std::vector<std::uint64_t>& expected, std::vector<std::uint64_t>& seen,
                 Verdict* verdict) {
  std::sort(expected.begin(), expected.end());
  std::sort(seen.begin(), seen.end());
  auto want = expected.begin();
  auto have = seen.begin();
  while (want != expected.end() || have != seen.end()) {
    if (have == seen.end() || (want != expected.end() && *want < *have)) {
      ++verdict->lost;
      Note(&verdict->lost_rows, *want++);
    } else if (want == expected.end() || *have < *want) {
      ++verdict->duplicated;
      Note(&verdict->duplicated_rows, *have++);
    } else {
      ++want;
      ++have;
    }
  }
}

void SortByPlace(std::vector<RowSet::Claimed>& claimed) {
  std::sort(claimed.begin(), claimed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.claim.key, a.place.run, a.place.file, a.place.line) <
           std::tie(b.claim.key, b.place.run, b.place.file, b.place.line);
  });
}

/// In one run a key is one subtask's, and in all of them together its positions don't descend.
void CheckOrder(const std::vector<RowSet::Claimed>& claimed, Verdict* verdict) {
  for (std::size_t i = 1; i < claimed.size(); ++i) {
    const RowSet::Claimed& before = claimed[i - 1];
    const RowSet::Claimed& now = claimed[i];
    if (now.claim.key != before.claim.key) continue;
    const bool moved =
        now.place.run == before.place.run && now.place.subtask != before.place.subtask;
    if (now.claim.position >= before.claim.position && !moved) continue;
    ++verdict->out_of_order;
    Note(&verdict->out_of_order_keys, now.claim.key);
  }
}

std::map<std::uint64_t, std::uint64_t> LastRows(const std::vector<RowSet::Claimed>& claimed) {
  std::map<std::uint64_t, std::uint64_t> last;
  for (const RowSet::Claimed& c : claimed) last[c.claim.key] = c.row;
  return last;
}

}  // namespace

std::uint64_t HashOfRow(std::string_view row) {
  return HashBytes(row.data(), row.size());
}

void RowSet::Add(std::string_view row, const RowPlace& place, const RowRules& rules) {
  const std::uint64_t hash = HashOfRow(row);
  const std::optional<RowClaim> claim = rules.claim ? rules.claim(row) : std::nullopt;
  if (claim.has_value()) claimed_.push_back({*claim, hash, place});
  rows_.push_back(rules.updates && claim.has_value() ? claim->key : hash);
}

Verdict Compare(RowSet& expected, RowSet& seen, const RowRules& rules) {
  Verdict verdict;
  CompareRows(expected.rows(), seen.rows(), &verdict);
  SortByPlace(seen.claimed());
  CheckOrder(seen.claimed(), &verdict);
  if (rules.updates) {
    SortByPlace(expected.claimed());
    const auto last = LastRows(seen.claimed());
    for (const auto& [key, row] : LastRows(expected.claimed())) {
      const auto at = last.find(key);
      if (at == last.end() || at->second == row) continue;  // one that is not there is lost
      ++verdict.out_of_order;
      Note(&verdict.out_of_order_keys, key);
    }
  }
  return verdict;
}

}  // namespace millrace::chaos
