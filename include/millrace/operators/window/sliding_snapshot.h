#pragma once

#include <cstdint>
#include <utility>

#include "millrace/base/arena.h"
#include "millrace/operators/snapshot.h"
#include "millrace/operators/window/slice_snapshot.h"
#include "millrace/state/stored.h"

namespace millrace {

/// Writes the entries of one pane of sliding windows as kPane blocks: i64 start, u32 count, then keys and accumulators in turn.
template <class K, class Acc>
class SlidingPaneWriter {
 public:
  SlidingPaneWriter(std::int64_t start, OperatorSnapshot* to) : start_(start), to_(to) { Begin(); }
  ~SlidingPaneWriter() { Flush(); }
  SlidingPaneWriter(const SlidingPaneWriter&) = delete;
  SlidingPaneWriter& operator=(const SlidingPaneWriter&) = delete;

  void Add(const Stored<K>& key, const Stored<Acc>& acc) {
    ColumnCodec<Stored<K>>::Encode(key, block_);
    ColumnCodec<Stored<Acc>>::Encode(acc, block_);
    ++count_;
    if (block_.size() >= kBlockBytes) {
      Flush();
      Begin();
    }
  }

 private:
  static constexpr std::size_t kBlockBytes = 256 * 1024;
  void Begin() {
    block_ = ByteWriter();
    block_.Put(start_);
    block_.Put(count_ = 0);
  }
  void Flush() {
    if (count_ == 0) return;
    block_.PatchAt(sizeof(start_), count_);
    to_->Put(SnapshotBlock::kPane, std::move(block_));
    count_ = 0;
  }

  std::int64_t start_;
  OperatorSnapshot* to_;
  ByteWriter block_;
  std::uint32_t count_ = 0;
};

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
