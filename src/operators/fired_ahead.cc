#include "millrace/operators/window/fired_ahead.h"

namespace millrace {

void FiredAhead::Restore(std::vector<Groups> groups) {
  groups_ = std::move(groups);
  std::sort(groups_.begin(), groups_.end(),
            [](const Groups& a, const Groups& b) { return a.begin < b.begin; });
  latest_ = INT64_MIN;
  for (const Groups& g : groups_) latest_ = std::max(latest_, g.through);
}

std::int64_t FiredAhead::Through(std::uint64_t hash) const {
  const std::uint32_t group = KeyGroup(hash);
  auto after =
      std::upper_bound(groups_.begin(), groups_.end(), group,
                       [](std::uint32_t wanted, const Groups& g) { return wanted < g.begin; });
  if (after == groups_.begin()) return INT64_MIN;
  const Groups& g = *--after;
  return group < g.end ? g.through : INT64_MIN;
}

}  // namespace millrace
