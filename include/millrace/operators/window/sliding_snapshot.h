#pragma once

#include <cstdint>

#include "millrace/base/arena.h"
#include "millrace/operators/snapshot.h"
#include "millrace/operators/window/panes_owed.h"
#include "millrace/operators/window/slice_snapshot.h"
#include "millrace/state/stored.h"

namespace millrace {

/// Writes entries of a pane: keys and accumulators in turn.
template <class K, class Acc, class Store>
void WritePaneEntries(Store& store, const PanesOwed::Run& run) {
  auto& pane = store.pane(store.LowerBound(run.start));
  for (std::uint32_t i = run.begin; i < run.end; ++i) {
    const auto& entry = pane.log[i];
    ByteWriter& out = run.to->Next(run.start);
    ColumnCodec<Stored<K>>::Encode(store.slot(entry.slot).key, out);
    ColumnCodec<Stored<Acc>>::Encode(entry.acc, out);
  }
}

/// Calls `add(start, key, acc)` for each entry of each pane of a checkpoint. Throws where blocks do not decode.
template <class K, class Acc, class Add>
void RestoreSlidingPanes(const OperatorRestore& from, Add add) {
  Arena arena;  // of the strings that are being decoded
  ThrowIfNotRestored(
      ForEachNewest(from, SnapshotBlock::kPane, [&](std::size_t, std::string_view bytes) {
        const ArenaScope scope(arena);
        ByteReader in(bytes);
        std::int64_t start = 0;
        std::uint32_t count = 0;
        if (in.Get(&start) && !MayBePaneStart(start)) in.Fail();
        in.Get(&count);
        for (; count > 0 && in.ok(); --count) {
          Stored<K> key{};
          Stored<Acc> acc{};
          if (!ColumnCodec<Stored<K>>::Decode(in, key) ||
              !ColumnCodec<Stored<Acc>>::Decode(in, acc))
            break;
          add(start, StoredGet<K>(reinterpret_cast<const std::byte*>(&key)), acc);
        }
        arena.Recycle();
        return in.AtEnd() ? Status::Ok()
                          : Status::DataLoss("restore sliding windows: a pane does not decode");
      }));
}

}  // namespace millrace
