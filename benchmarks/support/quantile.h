#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace benchmark_support {

/// Of some values: 0.5 is the median, 1 the largest. 0 of none.
inline double Quantile(std::vector<double> values, double quantile) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(quantile * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

}  // namespace benchmark_support
