#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "millrace/operators/window/fired_ahead.h"
#include "millrace/operators/window/slice_schedule.h"
#include "millrace/operators/window/slice_snapshot.h"
#include "millrace/operators/window/window_operator_base.h"
#include "millrace/state/state_table.h"

namespace millrace {

using SliceWindowSpec = WindowSpec<SliceWindows>;

/// What tumbling and sliding windows share: when windows fire and when panes expire. Semantics are Flink's
/// WindowOperator with EventTimeTrigger: a window fires when the watermark reaches its last millisecond; a record is
/// late when all its windows are past end - 1 + allowed lateness; one that is late but allowed fires its past windows
/// again at once. `Derived` keeps the panes:
///   void AddRows(rows, batch, begin, count, now)   now: the time of all records in processing time
///   bool FireWindow(end, budget)                   resumable at every row
///   bool DropExpired(budget)                       frees panes that no window needs; resumable
///   pane_count(), pane_start(i)                    in the order of time
///   FreezePanes(snapshot)                          their part of a checkpoint
template <class Derived, class K, class In, class KeyFn, class Agg, class WindowFn, class Chain>
class SliceWindowBase
    : public WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, SliceWindows, Chain> {
 public:
  using Base = WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, SliceWindows, Chain>;
  using Table = KeyedTable<K>;

  SliceWindowBase(SliceWindowSpec spec, const KeyFn& key, const Agg& agg, const WindowFn& fn,
                  const Chain& chain)
      : Base(std::move(spec), key, agg, fn, chain), schedule_(this->spec_.windows) {}

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    // A wall clock that was set back does not make records late.
    const std::int64_t now =
        processing_time() ? std::max(this->context_->clock->WallMillis(), fired_through_ + 1) : 0;
    while (*row < batch.size) {
      const std::uint32_t count =
          budget.Take(std::min<std::uint32_t>(batch.size - *row, Table::kPrefetchRows));
      derived().AddRows(batch.rows_as<In>(), batch, *row, count, now);
      *row += count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    return *row == batch.size;
  }

  bool AdvanceWatermark(EventTime watermark, StepBudget& budget) override {
    if (!processing_time() && !FireThrough(watermark.millis(), budget)) return false;
    this->ForwardWatermark(watermark);
    return true;
  }
  bool AdvanceProcessingTime(std::int64_t wall_millis, StepBudget& budget) override {
    return !processing_time() || FireThrough(wall_millis - 1, budget);
  }
  std::int64_t NextProcessingTime() const override {
    return processing_time() ? next_end_ : INT64_MAX;
  }
  void BeginSnapshot(OperatorSnapshot& to) override {
    SliceProgress progress{fired_through_, {}, ahead_.groups()};
    for (std::size_t i = 0; i < derived().pane_count(); ++i)
      progress.panes.push_back(derived().pane_start(i));
    to.Put(SnapshotBlock::kOperator, progress.Encoded());
    derived().FreezePanes(to);
  }
  /// The end of input fires processing-time windows too: nothing that was read is lost.
  bool Finish(StepBudget& budget) override {
    return !processing_time() || FireThrough(INT64_MAX, budget);
  }

 protected:
  /// When the panes of a checkpoint are there again.
  void RestoreProgress(const SliceProgress& progress) {
    fired_through_ = progress.fired_through;
    ahead_.Restore(progress.ahead);
    FindNextEnd();
  }

  static constexpr std::int64_t kNever = INT64_MAX;

  bool processing_time() const { return this->spec_.windows.processing_time; }

  /// Where a record of a pane stands.
  struct Place {
    std::int64_t start = 0;      // of its pane
    std::int64_t first_end = 0;  // of the windows it is in
    std::int64_t last_end = 0;
    std::int64_t fired_through = INT64_MIN;  // for the record's key
    bool accepted = false;
  };
  /// Counts what is in no window and what is too late; schedules the next window.
  Place PlaceOf(In& record, std::int64_t time, std::uint64_t hash) {
    this->CheckWindowTime(record, time);
    Place place;
    place.start = schedule_.PaneStart(time);
    place.first_end = schedule_.FirstEnd(place.start);
    place.last_end = schedule_.LastEnd(place.start);
    if (place.last_end < place.first_end) {  // slide > size: in the gap between windows
      this->context_->counters->filtered.Add(1);
      return place;
    }
    place.fired_through = std::max(fired_through_, ahead_.Through(hash));
    if (ExpiredAt(place.last_end, place.fired_through)) {
      this->OnLate(record, time);
      return place;
    }
    if (place.last_end - 1 > fired_through_)
      next_end_ = std::min(next_end_, NextEndOf(place.first_end));
    place.accepted = true;
    return place;
  }
  /// Calls `fire(end)` for the record's windows that have fired and are kept for late ones.
  template <class Fire>
  void ForFiredWindows(const Place& place, Fire fire) {
    for (std::int64_t end = place.first_end;
         end <= place.last_end && end - 1 <= place.fired_through; end += schedule_.slide()) {
      if (!ExpiredAt(end, place.fired_through)) fire(end);
    }
  }
  bool Expired(std::int64_t window_end) const { return ExpiredAt(window_end, fired_through_); }
  bool ExpiredAt(std::int64_t window_end, std::int64_t fired_through) const {
    if (fired_through == INT64_MIN) return false;
    if (fired_through == INT64_MAX) return true;
    return window_end - 1 + this->spec_.lateness.count() <= fired_through;
  }
  /// No key has fired windows behind this time.
  std::int64_t all_fired_through() const { return std::max(fired_through_, ahead_.latest()); }
  /// The window that ends at `end` is being fired for the operator, and has been for this key.
  bool FiredBefore(const K& key, std::int64_t end) const {
    return end - 1 <= ahead_.latest() && end - 1 <= ahead_.Through(KeyHash(key));
  }
  Window WindowThatEnds(std::int64_t end) const {
    return {EventTime::FromMillis(end - schedule_.size()), EventTime::FromMillis(end)};
  }

  SliceSchedule schedule_;
  std::int64_t fired_through_ = INT64_MIN;
  FiredAhead ahead_;

 private:
  Derived& derived() { return static_cast<Derived&>(*this); }
  /// The first window, from the one that ends at `first_end` on, that has not fired.
  std::int64_t NextEndOf(std::int64_t first_end) const {
    if (first_end - 1 > fired_through_) return first_end;
    return schedule_.NextEnd(fired_through_ + 1);
  }

  bool FireThrough(std::int64_t watermark, StepBudget& budget) {
    if (!derived().DropExpired(budget)) return false;
    while (next_end_ != kNever && next_end_ - 1 <= watermark) {
      if (!derived().FireWindow(next_end_, budget)) return false;
      fired_through_ = std::max(fired_through_, next_end_ - 1);
      ahead_.CatchUp(fired_through_);
      FindNextEnd();
      if (!derived().DropExpired(budget)) return false;
    }
    if (watermark <= fired_through_) return true;
    fired_through_ = watermark;
    ahead_.CatchUp(watermark);
    return derived().DropExpired(budget);
  }
  void FindNextEnd() {
    next_end_ = kNever;
    for (std::size_t i = 0; i < derived().pane_count(); ++i) {
      const std::int64_t start = derived().pane_start(i);
      if (schedule_.LastEnd(start) - 1 <= fired_through_) continue;
      next_end_ = NextEndOf(schedule_.FirstEnd(start));
      return;
    }
  }

  std::int64_t next_end_ = kNever;
};

}  // namespace millrace
