#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "millrace/operators/aggregators.h"
#include "millrace/operators/local_copy.h"
#include "millrace/operators/window/pane_store.h"
#include "millrace/operators/window/slice_window_base.h"

namespace millrace {

/// Windows that do not overlap (slide >= size, and no window is made of several panes): a keyed table per window, which
/// is emitted and dropped whole.
template <class K, class In, class KeyFn, class Agg, class WindowFn, class Chain>
class TumblingWindowOperator final
    : public SliceWindowBase<TumblingWindowOperator<K, In, KeyFn, Agg, WindowFn, Chain>, K, In,
                             KeyFn, Agg, WindowFn, Chain> {
 public:
  using Base = SliceWindowBase<TumblingWindowOperator<K, In, KeyFn, Agg, WindowFn, Chain>, K, In,
                               KeyFn, Agg, WindowFn, Chain>;
  using Accumulator = typename Agg::Accumulator;
  using Table = KeyedTable<K>;
  using Base::Base;

  void Open(OperatorContext& context) override {
    Base::Open(context);
    RowLayout layout = Table::KeyLayout();
    acc_offset_ = layout.AddColumn(ColumnOpsOf<Stored<Accumulator>>());
    panes_.emplace(std::move(layout), context);
    if (context.restore == nullptr) return;
    const SliceProgress progress = SliceProgress::Restored(*context.restore);
    panes_->Restore(progress.panes, context);
    this->RestoreProgress(progress);
  }
  bool SnapshotSlice(std::uint32_t max_rows) override { return panes_->SnapshotSlice(max_rows); }
  std::uint64_t StateRows() const override {
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < panes_->size(); ++i) rows += (*panes_)[i].table->size();
    return rows;
  }
  std::uint64_t TableBytes() const override { return panes_->allocated_bytes(); }
  std::uint64_t HeldBytes() const override {
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < panes_->size(); ++i) bytes += (*panes_)[i].table->HeldBytes();
    return bytes;
  }

 private:
  friend Base;

  std::size_t pane_count() const { return panes_->size(); }
  void FreezePanes(OperatorSnapshot& to) { panes_->Freeze(to); }
  std::int64_t pane_start(std::size_t i) { return (*panes_)[i].start; }

  void AddRows(In* rows, const Batch& batch, std::uint32_t begin, std::uint32_t count,
               std::int64_t now) {
    const EventTime* const times = this->processing_time() ? nullptr : batch.times;
    const std::uint32_t end = begin + count;
    std::uint32_t i = begin;
    // Batches of sources whose times have drifted apart come in turn: the first row's pane becomes the one at hand.
    const std::int64_t first = times != nullptr ? times[i].millis() : now;
    if (first < current_begin_ || first >= current_end_) {
      AddElsewhere(rows[i], batch.hashes[i], first);
      ++i;
    }
    // Most rows of a batch belong to it: note their places there.
    Table* const pane = current_;
    if (pane != nullptr && i < end) {
      const std::uint32_t noted = i;
      typename Table::Block block(*pane, batch.hashes + noted, end - noted);
      const internal::LocalCopy<KeyFn> key_of(this->key_);
      const internal::LocalCopy<Agg> agg(this->agg_);
      const PaneSpan span(current_begin_, current_end_);
      const std::uint32_t acc_offset = acc_offset_;
      for (; i < end; ++i) {
        const std::int64_t time = times != nullptr ? times[i].millis() : now;
        if (!span.Has(time)) [[unlikely]] {
          AddElsewhere(rows[i], batch.hashes[i], time);
          if (current_ == pane) continue;
          ++i;  // another pane is at hand: this block's places are of no use
          break;
        }
        decltype(auto) key = key_of.get()(std::as_const(rows[i]));
        if (block.Hit(key, i - noted)) [[likely]] {
          std::byte* const acc = block.row(i - noted) + acc_offset;
          pane->Touch(block.row(i - noted), block.flag(i - noted));
          this->AddTo(agg.get(), StoredMutable<Accumulator>(acc), rows[i]);
          StoredOwn<Accumulator>(acc);
        } else {
          AddMissed(*pane, rows[i], batch.hashes[i]);
          block.Renew();
        }
      }
    }
    for (; i < end; ++i) {
      const std::int64_t time = times != nullptr ? times[i].millis() : now;
      if (time >= current_begin_ && time < current_end_) {
        AddMissed(*current_, rows[i], batch.hashes[i]);
      } else {
        AddElsewhere(rows[i], batch.hashes[i], time);
      }
    }
  }

  Accumulator& AccAt(std::byte* row) { return StoredMutable<Accumulator>(row + acc_offset_); }

  /// A record whose row was not noted: most often its key's first in this pane. The row.
  [[gnu::noinline]] RowRef AddMissed(Table& table, const In& record, std::uint64_t hash) {
    decltype(auto) key = this->key_(record);
    RowRef ref = table.Find(key, hash);
    if (!ref) {
      ref = table.Insert(key, hash);
      AccAt(ref.row) = this->Created();
    } else {
      table.Touch(ref);
    }
    this->AddTo(AccAt(ref.row), record);
    StoredOwn<Accumulator>(ref.row + acc_offset_);
    return ref;
  }

  /// A record outside the pane at hand.
  [[gnu::noinline]] void AddElsewhere(In& record, std::uint64_t hash, std::int64_t time) {
    const auto place = this->PlaceOf(record, time, hash);
    if (!place.accepted) return;
    auto& pane = panes_->FindOrCreate(place.start);
    const RowRef row = AddMissed(*pane.table, std::as_const(record), hash);
    if (place.first_end - 1 > this->all_fired_through()) {
      current_ = pane.table.get();
      current_begin_ = place.start;
      current_end_ = place.start + this->schedule_.pane();
      return;
    }
    this->ForFiredWindows(place, [&](std::int64_t end) {
      auto out = this->chain_.Begin();
      EmitRow(out, row, this->WindowThatEnds(end));
      out.End();
    });
  }

  bool DropExpired(StepBudget&) {
    if (current_ != nullptr &&
        this->schedule_.FirstEnd(current_begin_) - 1 <= this->fired_through_) {
      current_ = nullptr;
      current_begin_ = current_end_ = 0;
    }
    while (!panes_->empty() && this->Expired(this->schedule_.LastEnd(panes_->front().start)))
      panes_->DropFront();
    return true;
  }

  bool FireWindow(std::int64_t end, StepBudget& budget) {
    const Window window = this->WindowThatEnds(end);
    auto* pane = panes_->Find(window.start.millis());
    while (pane != nullptr) {
      if (this->Blocked()) return false;
      const std::uint32_t want = budget.Take(128);
      std::uint32_t count = 0;
      auto out = this->chain_.Begin();
      for (; count < want; ++count) {
        const RowRef row = pane->table->Next(&cursor_);
        if (!row) break;
        if (!this->FiredBefore(Table::KeyOf(row), end)) EmitRow(out, row, window);
      }
      out.End();
      if (count < want) break;
      if (budget.Spend(count)) return false;
    }
    cursor_ = {};
    return true;
  }

  template <class Cursor>
  MILLRACE_INLINE void EmitRow(Cursor& out, RowRef row, const Window& window) {
    this->EmitResult(out, Table::KeyOf(row), window, window.max_timestamp(),
                     std::as_const(AccAt(row.row)));
  }

  std::optional<PaneStore<K>> panes_;
  std::uint32_t acc_offset_ = 0;
  StateTable::Cursor cursor_;

  // The pane that takes records without further questions.
  Table* current_ = nullptr;
  std::int64_t current_begin_ = 0;
  std::int64_t current_end_ = 0;
};

}  // namespace millrace
