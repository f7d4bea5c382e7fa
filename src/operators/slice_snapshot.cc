#include "millrace/operators/window/slice_snapshot.h"

#include <algorithm>
#include <set>
#include <vector>

namespace millrace {

ByteWriter SliceProgress::Encoded() const {
  ByteWriter out;
  out.Put(fired_through);
  out.PutCount(panes.size());
  for (const std::int64_t start : panes) out.Put(start);
  out.PutCount(ahead.size());
  for (const FiredAhead::Groups& g : ahead) {
    out.Put(g.begin);
    out.Put(g.end);
    out.Put(g.through);
  }
  return out;
}

namespace {

/// What one subtask has fired for its own key groups: all of them through `through`, those that were ahead through later times.
void AddGroups(const KeyGroupRange& own, std::int64_t through,
               const std::vector<FiredAhead::Groups>& ahead, std::vector<FiredAhead::Groups>* all) {
  std::uint32_t at = own.begin;
  for (const FiredAhead::Groups& g : ahead) {
    const std::uint32_t begin = std::max(g.begin, own.begin);
    const std::uint32_t end = std::min(g.end, own.end);
    if (begin >= end) continue;  // another subtask's
    if (at < begin) all->push_back({at, begin, through});
    all->push_back({begin, end, std::max(g.through, through)});
    at = end;
  }
  if (at < own.end) all->push_back({at, own.end, through});
}

}  // namespace

SliceProgress SliceProgress::Restored(const OperatorRestore& from) {
  SliceProgress all;
  all.fired_through = INT64_MAX;
  std::set<std::int64_t> panes;
  std::size_t found = 0;
  ThrowIfNotRestored(
      ForEachNewest(from, SnapshotBlock::kOperator, [&](std::size_t chain, std::string_view bytes) {
        ByteReader in(bytes);
        std::int64_t value = 0;
        in.Get(&value);
        all.fired_through = std::min(all.fired_through, value);
        std::uint32_t count = 0;
        in.GetCount(sizeof(value), &count);
        const std::int64_t through = value;
        for (; count > 0 && in.Get(&value); --count) {
          if (!MayBePaneStart(value)) in.Fail();
          panes.insert(value);
        }
        FiredAhead::Groups g;
        std::vector<FiredAhead::Groups> ahead;
        in.GetCount(sizeof(g), &count);
        for (; count > 0 && in.Get(&g.begin) && in.Get(&g.end) && in.Get(&g.through); --count)
          ahead.push_back(g);
        const auto own = from.same_subtask() ? KeyGroupRange()
                                             : KeyGroupRange::Of(static_cast<int>(chain),
                                                                 static_cast<int>(from.chains()));
        AddGroups(own, through, ahead, &all.ahead);
        ++found;
        return in.AtEnd() ? Status::Ok()
                          : Status::DataLoss("restore a window operator: its panes do not decode");
      }));
  if (found < from.chains()) all.fired_through = INT64_MIN;
  std::erase_if(all.ahead,
                [&](const FiredAhead::Groups& g) { return g.through <= all.fired_through; });
  all.panes.assign(panes.begin(), panes.end());
  return all;
}

}  // namespace millrace
