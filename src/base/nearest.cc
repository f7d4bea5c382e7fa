#include "millrace/base/nearest.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace millrace {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Levenshtein's, one row at a time.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t best_distance =
      std::min<std::size_t>(3, word.size() / 2 + 1);  // more edits are another word
  for (const std::string_view k : known) {
    const std::size_t distance = EditDistance(word, k);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = k;
  }
  return best;
}

}  // namespace millrace
