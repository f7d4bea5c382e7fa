#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "millrace/base/arena.h"
#include "millrace/operators/snapshot.h"
#include "millrace/operators/window/slice_snapshot.h"
#include "millrace/state/stored.h"

namespace millrace {

/// Writes entries of sliding windows' panes as kPane blocks: i64 start, u32 count, then keys and accumulators in turn.
template <class K, class Acc>
class SlidingPaneWriter {
 public:
  explicit SlidingPaneWriter(OperatorSnapshot* to) : to_(to) {}

  void Add(std::int64_t start, const Stored<K>& key, const Stored<Acc>& acc) {
    if (count_ == 0 || start != start_ || block_.size() >= kBlockBytes) Begin(start);
    ColumnCodec<Stored<K>>::Encode(key, block_);
    ColumnCodec<Stored<Acc>>::Encode(acc, block_);
    ++count_;
  }
  void Flush() {
    if (count_ == 0) return;
    block_.PatchAt(sizeof(start_), count_);
    to_->Put(SnapshotBlock::kPane, std::move(block_));
    count_ = 0;
  }

 private:
  static constexpr std::size_t kBlockBytes = 256 * 1024;
  void Begin(std::int64_t start) {
    Flush();
    start_ = start;
    block_ = ByteWriter();
    block_.Put(start_);
    block_.Put(count_);
  }

  OperatorSnapshot* to_;
  std::int64_t start_ = 0;
  ByteWriter block_;
  std::uint32_t count_ = 0;
};

/// What sliding windows owe to open snapshots: the entries that stood in their panes' logs at the barrier. Those do not change
/// any more (SlidingStore::Seal), so that they are written when there is time, and before their pane goes.
template <class K, class Acc, class Store>
class SlidingPanesOwed {
 public:
  void Begin(Store& store, OperatorSnapshot* to) {
    open_.push_back({SlidingPaneWriter<K, Acc>(to), {}});
    for (std::size_t i = 0; i < store.panes(); ++i) {
      auto& pane = store.pane(i);
      if (pane.log.size() == 0) continue;
      open_.back().parts.push_back({pane.start, 0, pane.log.size()});
      store.Seal(pane);
    }
  }
  /// Writes at most `max` entries of the oldest snapshot. True when nothing is owed to it any more: the next call is for the one
  /// after it.
  bool Slice(Store& store, std::uint32_t max) {
    if (open_.empty()) return true;
    Open& open = open_.front();
    while (!open.parts.empty() && max > 0) {
      max -= Write(store, store.pane(store.LowerBound(open.parts.front().start)),
                   open.parts.front(), max, &open.out);
      if (open.parts.front().next == open.parts.front().end) open.parts.pop_front();
    }
    if (!open.parts.empty()) return false;
    open.out.Flush();
    open_.pop_front();
    return true;
  }
  /// Writes at most `max` entries of one pane, to whichever snapshot they are owed. How many were: 0, it owes none.
  std::uint32_t WritePane(Store& store, typename Store::Pane& pane, std::uint32_t max) {
    for (Open& open : open_) {
      for (Part& part : open.parts) {
        if (part.start == pane.start && part.next < part.end)
          return Write(store, pane, part, max, &open.out);
      }
    }
    return 0;
  }
  /// The pane goes, or begins anew, and owes nothing.
  void Forget(const typename Store::Pane& pane) {
    for (Open& open : open_)
      std::erase_if(open.parts, [&](const Part& part) { return part.start == pane.start; });
  }

 private:
  struct Part {
    std::int64_t start;       // of the pane
    std::uint32_t next, end;  // entries
  };
  struct Open {
    SlidingPaneWriter<K, Acc> out;
    std::deque<Part> parts;
  };
  static std::uint32_t Write(Store& store, typename Store::Pane& pane, Part& part,
                             std::uint32_t max, SlidingPaneWriter<K, Acc>* out) {
    const std::uint32_t end = part.next + std::min(max, part.end - part.next);
    const std::uint32_t count = end - part.next;
    for (; part.next < end; ++part.next) {
      const auto& entry = pane.log[part.next];
      out->Add(part.start, store.slot(entry.slot).key, entry.acc);
    }
    return count;
  }

  std::deque<Open> open_;  // oldest first
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
