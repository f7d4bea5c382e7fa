#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <vector>

#include "millrace/base/random.h"

namespace millrace::test_support {

/// Choices (an index per setting) in which every two values of two settings meet at least once: far fewer than all
/// combinations. `values[i]` is how many values setting i has.
inline std::vector<std::vector<std::size_t>> CoverPairs(const std::vector<std::size_t>& values,
                                                        Random& random) {
  using Pair = std::array<std::size_t, 4>;  // setting, value, later setting, value
  std::set<Pair> open;
  for (std::size_t a = 0; a < values.size(); ++a) {
    for (std::size_t b = a + 1; b < values.size(); ++b) {
      for (std::size_t x = 0; x < values[a]; ++x) {
        for (std::size_t y = 0; y < values[b]; ++y) open.insert({a, x, b, y});
      }
    }
  }
  const auto meets = [&](const std::vector<std::size_t>& row, const std::vector<bool>& set,
                         std::size_t at, std::size_t value) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == at || !set[i]) continue;
      count += i < at ? open.count({i, row[i], at, value}) : open.count({at, value, i, row[i]});
    }
    return count;
  };
  std::vector<std::vector<std::size_t>> rows;
  while (!open.empty()) {
    // Begins with a pair that is missing, then gives each other setting the value that meets most.
    auto pair = open.begin();
    std::advance(pair, static_cast<std::ptrdiff_t>(random.Uniform(open.size())));
    std::vector<std::size_t> row(values.size(), 0);
    std::vector<bool> set(values.size(), false);
    row[(*pair)[0]] = (*pair)[1];
    row[(*pair)[2]] = (*pair)[3];
    set[(*pair)[0]] = set[(*pair)[2]] = true;
    for (std::size_t at = 0; at < values.size(); ++at) {
      if (set[at]) continue;
      std::size_t best = random.Uniform(values[at]);
      for (std::size_t v = 0; v < values[at]; ++v) {
        if (meets(row, set, at, v) > meets(row, set, at, best)) best = v;
      }
      row[at] = best;
      set[at] = true;
    }
    for (std::size_t a = 0; a < values.size(); ++a) {
      for (std::size_t b = a + 1; b < values.size(); ++b) open.erase({a, row[a], b, row[b]});
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace millrace::test_support
