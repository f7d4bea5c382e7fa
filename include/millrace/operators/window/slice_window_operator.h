#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/operators/aggregators.h"
#include "millrace/operators/window/pane_store.h"
#include "millrace/operators/window/slice_schedule.h"
#include "millrace/operators/window/window_operator_base.h"

namespace millrace {

using SliceWindowSpec = WindowSpec<SliceWindows>;

/// Tumbling and sliding windows of one key: a record is added to one pane's table, a window is fired from the
/// panes it is made of.
///
///   tumbling              the pane is the window
///   invertible aggregates a running total per key: panes enter it and leave it (Subtract)
///   others                the window's panes are merged when it fires
///
/// Firing is resumable at every row. Semantics are Flink's WindowOperator with EventTimeTrigger: a window
/// fires when the watermark reaches its last millisecond; a record is late when all its windows are past
/// end - 1 + allowed lateness; one that is late but allowed fires its past windows again at once.
template <class K, class In, class KeyFn, class Agg, class WindowFn, class Chain>
class SliceWindowOperator final : public WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, SliceWindows, Chain> {
 public:
  using Base = WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, SliceWindows, Chain>;
  using Accumulator = typename Agg::Accumulator;
  using Table = KeyedTable<K>;

  SliceWindowOperator(SliceWindowSpec spec, const KeyFn& key, const Agg& agg, const WindowFn& fn,
                      const Chain& chain)
      : Base(std::move(spec), key, agg, fn, chain), schedule_(this->spec_.windows) {}

  void Open(OperatorContext& context) override {
    Base::Open(context);
    RowLayout layout = Table::KeyLayout();
    acc_offset_ = layout.AddColumn(ColumnOpsOf<Stored<Accumulator>>());
    const KeyGroupRange range = KeyGroupRange::Of(context.subtask, context.parallelism);
    panes_.emplace(layout, range, context.memory);
    count_offset_ = layout.AddColumn(ColumnOpsOf<std::uint32_t>());
    if (schedule_.panes_per_window() > 1) total_.emplace(layout, range, context.memory);
  }

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    In* rows = batch.rows_as<In>();
    const bool processing_time = this->spec_.windows.processing_time;
    // A wall clock that was set back does not make records late.
    const std::int64_t now =
        processing_time ? std::max(this->context_->clock->WallMillis(), fired_through_ + 1) : 0;
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t count =
          budget.Take(std::min<std::uint32_t>(batch.size - begin, Table::kPrefetchRows));
      // Most rows of a batch belong to the pane at hand: prefetch there.
      if (current_ != nullptr && current_->wants_prefetch()) current_->Prefetch(batch.hashes + begin, count);
      for (std::uint32_t i = begin; i < begin + count; ++i) {
        const std::int64_t time = processing_time ? now : batch.times[i].millis();
        if (time >= current_begin_ && time < current_end_) [[likely]] {
          Add(*current_, rows[i], batch.hashes[i]);
        } else {
          AddSlow(rows[i], batch.hashes[i], time);
        }
      }
      *row = begin + count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    return *row == batch.size;
  }

  bool AdvanceWatermark(EventTime watermark, StepBudget& budget) override {
    if (!this->spec_.windows.processing_time && !FireThrough(watermark.millis(), budget)) return false;
    this->PassWatermark(watermark);
    return true;
  }
  bool AdvanceProcessingTime(std::int64_t wall_millis, StepBudget& budget) override {
    return !this->spec_.windows.processing_time || FireThrough(wall_millis - 1, budget);
  }
  std::int64_t NextProcessingTime() const override {
    return this->spec_.windows.processing_time ? next_end_ : INT64_MAX;
  }
  /// The end of input fires processing-time windows too: nothing that was read is lost.
  bool Finish(StepBudget& budget) override {
    return !this->spec_.windows.processing_time || FireThrough(INT64_MAX, budget);
  }

 private:
  static constexpr std::int64_t kNever = INT64_MAX;
  // Without exact subtraction the panes of a window are merged anew each time.
  static constexpr bool kRunning = kInvertible<Agg>;
  enum class Phase { kNone, kEvict, kEnter, kEmit };

  Accumulator& AccOf(RowRef ref) { return StoredMutable<Accumulator>(ref.row + acc_offset_); }
  std::uint32_t& CountOf(RowRef ref) { return *reinterpret_cast<std::uint32_t*>(ref.row + count_offset_); }

  /// True when the key is new in the table.
  MILLRACE_INLINE bool Add(Table& table, const In& record, std::uint64_t hash) {
    decltype(auto) key = this->key_(record);
    RowRef ref = table.Find(key, hash);
    const bool inserted = !ref;
    if (inserted) {
      ref = table.Insert(key, hash);
      AccOf(ref) = this->agg_.Create();
    } else {
      table.Touch(ref);
    }
    this->AddTo(AccOf(ref), record);
    StoredOwn<Accumulator>(ref.row + acc_offset_);
    return inserted;
  }

  void AddSlow(In& record, std::uint64_t hash, std::int64_t time) {
    const std::int64_t start = schedule_.PaneStart(time);
    const std::int64_t first_end = schedule_.FirstEnd(start);
    const std::int64_t last_end = schedule_.LastEnd(start);
    if (last_end < first_end) {  // slide > size: in the gap between windows
      this->context_->counters->filtered.Add(1);
      return;
    }
    if (Expired(last_end)) {
      this->OnLate(record, time);
      return;
    }
    auto& pane = panes_->FindOrCreate(start);
    const bool inserted = Add(*pane.table, record, hash);
    if (last_end - 1 > fired_through_) next_end_ = std::min(next_end_, NextEndOf(first_end));
    if (first_end - 1 > fired_through_) {
      current_ = pane.table.get();
      current_begin_ = start;
      current_end_ = start + schedule_.pane();
      return;
    }
    // Behind the watermark: the running total takes it if the pane is part of it, and windows that have fired
    // fire again for it if lateness allows.
    if (kRunning && total_.has_value() && start >= total_begin_ && start < total_end_) {
      AddToTotal(record, hash, inserted);
    }
    for (std::int64_t end = first_end; end <= last_end && end - 1 <= fired_through_; end += schedule_.slide()) {
      if (!Expired(end)) FireOne(record, hash, end);
    }
  }

  void AddToTotal(const In& record, std::uint64_t hash, bool new_in_pane) {
    const bool new_in_total = Add(*total_, record, hash);
    decltype(auto) key = this->key_(record);
    const RowRef ref = total_->Find(key, hash);
    if (new_in_total) CountOf(ref) = 0;
    if (new_in_pane) ++CountOf(ref);
  }

  bool Expired(std::int64_t window_end) const {
    if (fired_through_ == INT64_MIN) return false;
    if (fired_through_ == INT64_MAX) return true;
    return window_end - 1 + this->spec_.lateness.count() <= fired_through_;
  }
  /// The first window, from the one that ends at `first_end` on, that has not fired.
  std::int64_t NextEndOf(std::int64_t first_end) const {
    if (first_end - 1 > fired_through_) return first_end;
    return schedule_.NextEnd(fired_through_ + 1);
  }

  bool FireThrough(std::int64_t watermark, StepBudget& budget) {
    while (next_end_ != kNever && next_end_ - 1 <= watermark) {
      if (!FireWindow(next_end_, budget)) return false;
      fired_through_ = std::max(fired_through_, next_end_ - 1);
      DropExpired();
      FindNextEnd();
    }
    if (watermark > fired_through_) {
      fired_through_ = watermark;
      DropExpired();
    }
    if (current_ != nullptr && schedule_.FirstEnd(current_begin_) - 1 <= fired_through_) ForgetCurrent();
    return true;
  }

  void ForgetCurrent() {
    current_ = nullptr;
    current_begin_ = current_end_ = 0;
  }

  void DropExpired() {
    while (!panes_->empty() && Expired(schedule_.LastEnd(panes_->front().start)) &&
           (!kRunning || !total_.has_value() || panes_->front().start < total_begin_ ||
            panes_->front().start >= total_end_)) {
      if (current_ == panes_->front().table.get()) ForgetCurrent();
      panes_->DropFront();
    }
  }

  void FindNextEnd() {
    next_end_ = kNever;
    for (std::size_t i = 0; i < panes_->size(); ++i) {
      const std::int64_t start = (*panes_)[i].start;
      if (schedule_.LastEnd(start) - 1 <= fired_through_) continue;
      next_end_ = NextEndOf(schedule_.FirstEnd(start));
      return;
    }
  }

  /// Fires one window; resumable.
  bool FireWindow(std::int64_t end, StepBudget& budget) {
    if (phase_ == Phase::kNone) {
      phase_ = schedule_.panes_per_window() == 1 ? Phase::kEmit : Phase::kEvict;
      cursor_ = {};
    }
    const std::int64_t begin = end - schedule_.size();
    if (phase_ == Phase::kEvict) {
      if (!Evict(begin, budget)) return false;
      phase_ = Phase::kEnter;
    }
    if (phase_ == Phase::kEnter) {
      if (!Enter(begin, end, budget)) return false;
      phase_ = Phase::kEmit;
    }
    Table* source = nullptr;
    if (total_.has_value()) {
      source = &*total_;
    } else if (auto* pane = panes_->Find(begin); pane != nullptr) {
      source = pane->table.get();
    }
    if (source != nullptr && !EmitRows(*source, begin, end, budget)) return false;
    phase_ = Phase::kNone;
    return true;
  }

  /// Takes the panes before `begin` out of the total (or empties it, when it is built anew).
  bool Evict(std::int64_t begin, StepBudget& budget) {
    if constexpr (!kRunning) {
      total_->Clear();
      total_begin_ = total_end_ = begin;
      return true;
    } else {
      while (total_begin_ < std::min(begin, total_end_)) {
        const std::size_t i = panes_->LowerBound(total_begin_);
        if (i == panes_->size() || (*panes_)[i].start >= std::min(begin, total_end_)) break;
        auto& pane = (*panes_)[i];
        if (!Walk(*pane.table, budget, [&](RowRef row, std::uint64_t hash) { Leave(row, hash); })) return false;
        total_begin_ = pane.start + schedule_.pane();
      }
      total_begin_ = std::max(total_begin_, begin);
      total_end_ = std::max(total_end_, total_begin_);
      return true;
    }
  }

  /// Adds the panes up to `end` to the total.
  bool Enter(std::int64_t begin, std::int64_t end, StepBudget& budget) {
    std::int64_t from = std::max(total_end_, begin);
    for (;;) {
      const std::size_t i = panes_->LowerBound(from);
      if (i == panes_->size() || (*panes_)[i].start >= end) break;
      auto& pane = (*panes_)[i];
      if (!Walk(*pane.table, budget, [&](RowRef row, std::uint64_t hash) { Join(row, hash); })) return false;
      from = pane.start + schedule_.pane();
      total_end_ = from;
    }
    total_end_ = end;
    return true;
  }

  void Join(RowRef row, std::uint64_t hash) {
    const K& key = Table::KeyOf(row);
    RowRef ref = total_->Find(key, hash);
    if (ref) {
      this->agg_.Merge(AccOf(ref), std::as_const(AccOf(row)));
      ++CountOf(ref);
    } else {
      ref = total_->Insert(key, hash);
      AccOf(ref) = std::as_const(AccOf(row));
      CountOf(ref) = 1;
    }
    StoredOwn<Accumulator>(ref.row + acc_offset_);
  }
  void Leave(RowRef row, std::uint64_t hash) {
    const RowRef ref = total_->Find(Table::KeyOf(row), hash);
    MILLRACE_CHECK(static_cast<bool>(ref), "a pane's key is not in the running total");
    if (--CountOf(ref) == 0) {
      total_->Erase(ref);
    } else if constexpr (kRunning) {
      this->agg_.Subtract(AccOf(ref), std::as_const(AccOf(row)));
    }
  }

  /// Calls `fn(row, hash)` for the rows of a pane, prefetching the total's; resumable through cursor_.
  template <class Fn>
  bool Walk(Table& pane, StepBudget& budget, Fn fn) {
    RowRef rows[Table::kPrefetchRows];
    std::uint64_t hashes[Table::kPrefetchRows];
    for (;;) {
      const std::uint32_t want = budget.Take(Table::kPrefetchRows);
      std::uint32_t count = 0;
      while (count < want) {
        const RowRef row = pane.Next(&cursor_);
        if (!row) break;
        rows[count] = row;
        hashes[count++] = KeyHash(Table::KeyOf(row));
      }
      if (total_->wants_prefetch()) total_->Prefetch(hashes, count);
      for (std::uint32_t i = 0; i < count; ++i) fn(rows[i], hashes[i]);
      if (count < want) {
        cursor_ = {};
        return true;
      }
      if (budget.Spend(count)) return false;
    }
  }

  bool EmitRows(Table& table, std::int64_t begin, std::int64_t end, StepBudget& budget) {
    const Window window{EventTime::FromMillis(begin), EventTime::FromMillis(end)};
    for (;;) {
      if (this->Blocked()) return false;
      const std::uint32_t want = budget.Take(128);
      std::uint32_t count = 0;
      auto out = this->chain_.Begin();
      for (; count < want; ++count) {
        const RowRef row = table.Next(&cursor_);
        if (!row) break;
        EmitRow(out, Table::KeyOf(row), window, AccOf(row));
      }
      out.End();
      if (count < want) {
        cursor_ = {};
        return true;
      }
      if (budget.Spend(count)) return false;
    }
  }

  template <class Cursor>
  MILLRACE_INLINE void EmitRow(Cursor& out, const K& key, const Window& window, const Accumulator& acc) {
    this->EmitResult(out, key, window, window.max_timestamp(), acc);
  }

  /// One key's result of a window that has fired before: its panes are merged for this key.
  void FireOne(const In& record, std::uint64_t hash, std::int64_t end) {
    const std::int64_t begin = end - schedule_.size();
    decltype(auto) key = this->key_(record);
    Accumulator acc = this->agg_.Create();
    for (std::size_t i = panes_->LowerBound(begin); i < panes_->size() && (*panes_)[i].start < end; ++i) {
      const RowRef row = (*panes_)[i].table->Find(key, hash);
      if (row) this->agg_.Merge(acc, std::as_const(AccOf(row)));
    }
    auto out = this->chain_.Begin();
    EmitRow(out, key, {EventTime::FromMillis(begin), EventTime::FromMillis(end)}, acc);
    out.End();
  }

  SliceSchedule schedule_;

  std::optional<PaneStore<K>> panes_;
  std::optional<Table> total_;  // over [total_begin_, total_end_)
  std::int64_t total_begin_ = INT64_MIN;
  std::int64_t total_end_ = INT64_MIN;
  std::uint32_t acc_offset_ = 0;
  std::uint32_t count_offset_ = 0;

  // The pane that takes records without further questions.
  Table* current_ = nullptr;
  std::int64_t current_begin_ = 0;
  std::int64_t current_end_ = 0;

  std::int64_t next_end_ = kNever;
  std::int64_t fired_through_ = INT64_MIN;

  Phase phase_ = Phase::kNone;
  StateTable::Cursor cursor_;
};

}  // namespace millrace
