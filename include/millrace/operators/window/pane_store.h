#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "millrace/operators/operator.h"
#include "millrace/operators/snapshot.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// The panes of a window operator, oldest first: one keyed table each, dropped whole and reused.
template <class K>
class PaneStore {
 public:
  struct Pane {
    std::int64_t start = 0;
    std::unique_ptr<KeyedTable<K>> table;
  };

  PaneStore(RowLayout layout, const OperatorContext& context)
      : layout_(std::move(layout)),
        range_(KeyGroupRange::Of(context.subtask, context.parallelism)),
        memory_(context.memory),
        checkpoints_(context.checkpoints) {}

  std::uint64_t allocated_bytes() const {
    std::uint64_t bytes = 0;
    for (const Pane& pane : panes_) bytes += pane.table->allocated_bytes();
    for (const auto& table : spare_) bytes += table->allocated_bytes();
    for (const auto& table : dropped_) bytes += table->allocated_bytes();
    return bytes;
  }
  bool empty() const { return panes_.empty(); }
  std::size_t size() const { return panes_.size(); }
  Pane& operator[](std::size_t i) { return panes_[i]; }
  const Pane& operator[](std::size_t i) const { return panes_[i]; }
  const Pane& front() const { return panes_.front(); }

  /// The first pane that starts at `start` or later.
  std::size_t LowerBound(std::int64_t start) const {
    std::size_t i = panes_.size();
    while (i > 0 && panes_[i - 1].start >= start) --i;  // the newest panes are asked for most
    return i;
  }
  Pane* Find(std::int64_t start) {
    const std::size_t i = LowerBound(start);
    return i < panes_.size() && panes_[i].start == start ? &panes_[i] : nullptr;
  }
  Pane& FindOrCreate(std::int64_t start) {
    const std::size_t i = LowerBound(start);
    if (i < panes_.size() && panes_[i].start == start) return panes_[i];
    return *panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(i), Pane{start, NewTable()});
  }
  void DropFront() {
    Recycle(std::move(panes_.front().table));
    panes_.pop_front();
  }

  /// The panes of a checkpoint, before there are others.
  void Restore(const std::vector<std::int64_t>& starts, const OperatorContext& context) {
    std::vector<NumberedTable> tables;
    for (const std::int64_t start : starts)
      tables.push_back({static_cast<std::uint64_t>(start), FindOrCreate(start).table.get()});
    ThrowIfNotRestored(RestoreTables(*context.restore, tables));
  }
  /// The panes are the operator's tables, numbered by their starts.
  void Freeze(OperatorSnapshot& to) {
    for (Pane& pane : panes_) to.Freeze(static_cast<std::uint64_t>(pane.start), pane.table.get());
  }
  /// Of the oldest snapshot; panes that were dropped since it began owe it what they had. See Operator::SnapshotSlice.
  bool SnapshotSlice(std::uint32_t max_rows) {
    if (!dropped_.empty()) {
      if (!dropped_.back()->SnapshotSlice(max_rows) || dropped_.back()->snapshot_running())
        return false;
      auto table = std::move(dropped_.back());
      dropped_.pop_back();
      Recycle(std::move(table));
      return false;
    }
    for (Pane& pane : panes_) {
      if (!pane.table->SnapshotSlice(max_rows)) return false;
    }
    return true;
  }

 private:
  std::unique_ptr<KeyedTable<K>> NewTable() {
    if (spare_.empty()) {
      auto table = std::make_unique<KeyedTable<K>>(layout_, range_, memory_);
      if (checkpoints_) table->ExpectSnapshots();
      return table;
    }
    auto table = std::move(spare_.back());
    spare_.pop_back();
    return table;
  }
  void Recycle(std::unique_ptr<KeyedTable<K>> table) {
    if (table->snapshot_running()) {
      dropped_.push_back(std::move(table));
      return;
    }
    if (spare_.size() >= kSpare &&
        (spare_.size() >= kSmallSpare || table->allocated_bytes() > kSmallBytes))
      return;
    table->Clear();
    spare_.push_back(std::move(table));
  }

  static constexpr std::size_t kSpare = 4;
  // Inputs that drift apart open many panes at once: of small tables more are kept.
  static constexpr std::size_t kSmallSpare = 32;
  static constexpr std::uint64_t kSmallBytes = 128 * 1024;

  RowLayout layout_;
  KeyGroupRange range_;
  MemoryAccount* memory_;
  bool checkpoints_;
  std::deque<Pane> panes_;
  std::vector<std::unique_ptr<KeyedTable<K>>> dropped_;  // that snapshots still wait for
  std::vector<std::unique_ptr<KeyedTable<K>>> spare_;
};

}  // namespace millrace
