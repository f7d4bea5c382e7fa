#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "millrace/operators/aggregators.h"
#include "millrace/operators/window/session_store.h"
#include "millrace/operators/window/window_operator_base.h"
#include "millrace/state/state_table.h"
#include "millrace/state/timer_queue.h"

namespace millrace {

/// Sessions as data: a session ends when a key has been silent for `gap`. (Flink: EventTimeSessionWindows)
struct SessionWindows {
  Duration gap{0};
  bool processing_time = false;
};

/// Session windows of one key. A record opens [t, t + gap), which is merged with every session of the key that it
/// overlaps or touches; a session fires when the watermark reaches its last millisecond. What an index entry stands
/// for may have grown since: then the entry is put in again at the session's end.
///
/// Semantics are Flink's WindowOperator with a merging assigner and EventTimeTrigger: a record is late when the session
/// it would belong to is past end - 1 + allowed lateness; a late one that is allowed fires its session again at once.
template <class K, class In, class KeyFn, class Agg, class WindowFn, class Chain>
class SessionWindowOperator final
    : public WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, SessionWindows, Chain> {
 public:
  using Base = WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, SessionWindows, Chain>;
  using Accumulator = typename Agg::Accumulator;
  using Table = KeyedTable<K>;
  using Sessions = SessionList<Accumulator>;
  using S = typename Sessions::S;

  SessionWindowOperator(typename Base::Spec spec, const KeyFn& key, const Agg& agg,
                        const WindowFn& fn, const Chain& chain)
      : Base(std::move(spec), key, agg, fn, chain), gap_(this->spec_.windows.gap.count()) {}

  void Open(OperatorContext& context) override {
    Base::Open(context);
    RowLayout layout = Table::KeyLayout();
    sessions_offset_ = layout.AddColumn(ColumnOpsOf<Sessions>());
    table_.emplace(std::move(layout), KeyGroupRange::Of(context.subtask, context.parallelism),
                   context.memory);
    OpenTable(context, 0, &*table_);
    if (context.restore == nullptr) return;
    fired_through_ = RestoredTimes(*context.restore, 1)[0].millis();
    StateTable::Cursor cursor;
    while (const RowRef ref = table_->Next(&cursor)) {
      const Sessions& sessions = SessionsOf(ref);
      for (std::size_t i = 0; i < sessions.size(); ++i)
        queue_.Push(sessions[i].queued, table_->layout().Hash(ref.row));
    }
  }
  void BeginSnapshot(OperatorSnapshot& to) override {
    to.Freeze(0, &*table_);
    to.Put(SnapshotBlock::kOperator, EncodedTimes({EventTime::FromMillis(fired_through_)}));
  }
  bool SnapshotSlice(std::uint32_t max_rows) override { return table_->SnapshotSlice(max_rows); }

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    In* rows = batch.rows_as<In>();
    const bool processing_time = this->spec_.windows.processing_time;
    const std::int64_t now =
        processing_time ? std::max(this->context_->clock->WallMillis(), fired_through_ + 1) : 0;
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t count =
          budget.Take(std::min<std::uint32_t>(batch.size - begin, Table::kPrefetchRows));
      typename Table::Block block(*table_, batch.hashes + begin, count);
      for (std::uint32_t i = begin; i < begin + count; ++i) {
        decltype(auto) key = this->key_(std::as_const(rows[i]));
        const std::int64_t time = processing_time ? now : batch.times[i].millis();
        if (block.Hit(key, i - begin)) [[likely]] {
          table_->Touch(block.row(i - begin), block.flag(i - begin));
          Sessions& sessions = SessionsAt(block.row(i - begin));
          S& s = sessions[0];
          // The common case: the key's only session, not fired, goes on.
          if (sessions.size() == 1 && !s.fired && time <= s.end && time >= s.start &&
              Plus(time, gap_) - 1 > fired_through_) [[likely]] {
            s.end = std::max(s.end, Plus(time, gap_));
            AddRecord(s, rows[i]);
            continue;
          }
        }
        OnRecordSlow(rows[i], key, batch.hashes[i], time);
        block.Renew();
      }
      *row = begin + count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    return *row == batch.size;
  }

  bool AdvanceWatermark(EventTime watermark, StepBudget& budget) override {
    if (!this->spec_.windows.processing_time && !FireThrough(watermark.millis(), budget))
      return false;
    this->ForwardWatermark(watermark);
    return true;
  }
  bool AdvanceProcessingTime(std::int64_t wall_millis, StepBudget& budget) override {
    return !this->spec_.windows.processing_time || FireThrough(wall_millis - 1, budget);
  }
  std::int64_t NextProcessingTime() const override {
    if (!this->spec_.windows.processing_time || queue_.size() == 0) return INT64_MAX;
    return std::min(queue_.next(), INT64_MAX - 1) + 1;
  }
  /// The end of input fires processing-time sessions too: nothing that was read is lost.
  bool Finish(StepBudget& budget) override {
    return !this->spec_.windows.processing_time || FireThrough(INT64_MAX, budget);
  }
  std::uint64_t StateRows() const override { return table_->size(); }
  std::uint64_t TableBytes() const override { return table_->allocated_bytes(); }
  std::uint64_t HeldBytes() const override {
    return table_->HeldBytes() + queue_.allocated_bytes();
  }

 private:
  static constexpr std::uint32_t kFireRows = 64;

  Sessions& SessionsAt(std::byte* row) {
    return *reinterpret_cast<Sessions*>(row + sessions_offset_);
  }
  Sessions& SessionsOf(RowRef ref) { return SessionsAt(ref.row); }
  static Accumulator& AccOf(S& s) {
    return StoredMutable<Accumulator>(reinterpret_cast<std::byte*>(&s.acc));
  }
  static void Own(S& s) { StoredOwn<Accumulator>(reinterpret_cast<std::byte*>(&s.acc)); }
  static std::int64_t Plus(std::int64_t time, std::int64_t more) {
    return time > INT64_MAX - more ? INT64_MAX : time + more;
  }
  std::int64_t CleanupTime(const S& s) const {
    return Plus(s.end - 1, this->spec_.lateness.count());
  }

  [[gnu::noinline]] void OnRecordSlow(In& record, const K& key, std::uint64_t hash,
                                      std::int64_t time) {
    this->CheckWindowTime(record, time);
    RowRef ref = table_->Find(key, hash);
    if (ref) table_->Touch(ref);
    std::int64_t start = time, end = Plus(time, gap_);
    if (ref) {  // what the merged session would span
      Sessions& sessions = SessionsOf(ref);
      for (bool grown = true; grown;) {
        grown = false;
        for (std::size_t i = 0; i < sessions.size(); ++i) {
          const S& s = sessions[i];
          if (start > s.end || end < s.start || (start <= s.start && end >= s.end)) continue;
          start = std::min(start, s.start);
          end = std::max(end, s.end);
          grown = true;
        }
      }
    }
    if (Plus(end - 1, this->spec_.lateness.count()) <= fired_through_) {
      this->OnLate(record, time);
      return;
    }
    if (!ref) ref = table_->Insert(key, hash);
    S& s = Merge(SessionsOf(ref), start, end);
    AddRecord(s, record);
    if (end - 1 <= fired_through_) {
      s.fired = true;
      auto out = this->chain_.Begin();
      EmitSession(out, Table::KeyOf(ref), s);
      out.End();
    }
    Requeue(s, hash);
  }

  /// The session [start, end): those that it overlaps become one.
  S& Merge(Sessions& sessions, std::int64_t start, std::int64_t end) {
    std::size_t into = sessions.size();
    for (std::size_t i = 0; i < sessions.size();) {
      S& s = sessions[i];
      if (start > s.end || end < s.start) {
        ++i;
        continue;
      }
      if (into == sessions.size()) {
        into = i++;
        continue;
      }
      this->MergeInto(AccOf(sessions[into]), std::as_const(AccOf(s)));
      // The earlier entry stays; the other finds no session of its time any more.
      sessions[into].queued = std::min(sessions[into].queued, s.queued);
      Own(sessions[into]);
      sessions.Remove(i);  // puts the last one in its place; `into` stands before
    }
    if (into < sessions.size()) {
      S& s = sessions[into];
      s.start = start;
      s.end = end;
      s.fired = false;
      return s;
    }
    S& s = sessions.Add();
    s.start = start;
    s.end = end;
    s.fired = false;
    s.queued = INT64_MIN;
    AccOf(s) = this->Created();
    return s;
  }

  /// Makes sure that an entry of the index reaches the session in time.
  void Requeue(S& s, std::uint64_t hash) {
    const std::int64_t due = s.fired ? CleanupTime(s) : s.end - 1;
    if (s.queued <= due && s.queued > fired_through_) return;
    s.queued = due;
    queue_.Push(due, hash);
  }

  MILLRACE_INLINE void AddRecord(S& s, const In& record) {
    this->AddTo(AccOf(s), record);
    Own(s);
  }

  /// Fires what is due, in the order of time; resumable at each entry of the index.
  bool FireThrough(std::int64_t through, StepBudget& budget) {
    TimerQueue::Entry entries[kFireRows];
    std::uint64_t hashes[kFireRows];
    for (;;) {
      if (this->Blocked()) return false;
      const std::uint32_t want = std::min<std::uint32_t>(budget.Take(kFireRows), kFireRows);
      std::uint32_t count = 0;
      while (count < want && queue_.Pop(through, &entries[count])) {
        hashes[count] = entries[count].hash;
        ++count;
      }
      if (count == 0) break;
      const typename Table::Block block(*table_, hashes, count);  // fetches the rows
      auto out = this->chain_.Begin();
      std::uint32_t i = 0;
      while (i < count && entries[i].time <= queue_.next()) OnDue(entries[i++], through, out);
      out.End();
      // A session that has grown was put in again, before these.
      for (; i < count; ++i) queue_.Push(entries[i].time, entries[i].hash);
      if (budget.Spend(count)) return false;
    }
    fired_through_ = std::max(fired_through_, through);
    return true;
  }

  template <class Cursor>
  void OnDue(const TimerQueue::Entry& entry, std::int64_t through, Cursor& out) {
    std::size_t index = 0;
    const RowRef ref = table_->FindByHash(entry.hash, [&](std::byte* row) {
      Sessions& sessions = *reinterpret_cast<Sessions*>(row + sessions_offset_);
      for (index = 0; index < sessions.size(); ++index) {
        if (sessions[index].queued == entry.time) return true;
      }
      return false;
    });
    if (!ref) return;  // its session was merged into one with an earlier entry
    table_->Touch(ref);
    Sessions& sessions = SessionsOf(ref);
    S& s = sessions[index];
    if (!s.fired && s.end - 1 <= entry.time) {
      s.fired = true;
      EmitSession(out, Table::KeyOf(ref), s);
    }
    const std::int64_t due = s.fired ? CleanupTime(s) : s.end - 1;
    if (s.fired && due <= through) {
      sessions.Remove(index);
      if (sessions.empty()) table_->Erase(ref);
      return;
    }
    s.queued = due;
    queue_.Push(due, entry.hash);
  }

  template <class Cursor>
  void EmitSession(Cursor& out, const K& key, S& s) {
    const Window window{EventTime::FromMillis(s.start), EventTime::FromMillis(s.end)};
    this->EmitResult(out, key, window, window.max_timestamp(), std::as_const(AccOf(s)));
  }

  std::int64_t gap_;
  std::optional<Table> table_;
  std::uint32_t sessions_offset_ = 0;
  TimerQueue queue_;
  std::int64_t fired_through_ = INT64_MIN;
};

}  // namespace millrace
