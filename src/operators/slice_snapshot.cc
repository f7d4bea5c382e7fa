#include "millrace/operators/window/slice_snapshot.h"

#include <algorithm>
#include <set>

namespace millrace {

ByteWriter SliceProgress::Encoded() const {
  ByteWriter out;
  out.Put(fired_through);
  out.PutCount(panes.size());
  for (const std::int64_t start : panes) out.Put(start);
  return out;
}

SliceProgress SliceProgress::Restored(const OperatorRestore& from) {
  SliceProgress all;
  all.fired_through = INT64_MAX;
  std::set<std::int64_t> panes;
  std::size_t found = 0;
  ThrowIfNotRestored(
      ForEachNewest(from, SnapshotBlock::kOperator, [&](std::size_t, std::string_view bytes) {
        ByteReader in(bytes);
        std::int64_t value = 0;
        in.Get(&value);
        all.fired_through = std::min(all.fired_through, value);
        std::uint32_t count = 0;
        in.GetCount(sizeof(value), &count);
        for (; count > 0 && in.Get(&value); --count) panes.insert(value);
        ++found;
        return in.AtEnd() ? Status::Ok()
                          : Status::DataLoss("restore a window operator: its panes do not decode");
      }));
  if (found < from.chains()) all.fired_through = INT64_MIN;
  all.panes.assign(panes.begin(), panes.end());
  return all;
}

}  // namespace millrace
