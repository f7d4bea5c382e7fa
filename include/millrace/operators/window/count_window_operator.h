#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "millrace/operators/aggregators.h"
#include "millrace/operators/window/window_operator_base.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// Global windows as data: one window per key that fires after every `count` records and begins anew; with a count of
/// 0 it fires once, at the end of the stream. (Flink: countWindow; GlobalWindows.createWithEndOfStreamTrigger)
struct CountWindows {
  std::int64_t count = 0;
};

namespace internal {

/// How far a key's count window has come.
struct CountProgress {
  std::int64_t records = 0;
  EventTime latest = EventTime::Min();
};

}  // namespace internal

template <>
struct ColumnCodec<internal::CountProgress> {
  static constexpr bool kExists = true;
  static constexpr bool kBulk = true;
};

/// Windows that know no time. A result bears the time of its latest record. As in Flink, what a count window holds
/// at the end of the stream without having reached its count is not emitted.
template <class K, class In, class KeyFn, class Agg, class WindowFn, class Chain>
class CountWindowOperator final
    : public WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, CountWindows, Chain> {
 public:
  using Base = WindowOperatorBase<K, In, KeyFn, Agg, WindowFn, CountWindows, Chain>;
  using Accumulator = typename Agg::Accumulator;
  using Table = KeyedTable<K>;
  using Base::Base;

  void Open(OperatorContext& context) override {
    Base::Open(context);
    RowLayout layout = Table::KeyLayout();
    count_offset_ = layout.AddColumn(ColumnOpsOf<Progress>());
    acc_offset_ = layout.AddColumn(ColumnOpsOf<Stored<Accumulator>>());
    table_.emplace(std::move(layout), KeyGroupRange::Of(context.subtask, context.parallelism),
                   context.memory);
    OpenTable(context, 0, &*table_);
    if (context.restore != nullptr) passed_ = RestoredTimes(*context.restore, 1)[0];
  }
  void BeginSnapshot(OperatorSnapshot& to) override {
    to.Freeze(0, &*table_);
    to.Put(SnapshotBlock::kOperator, EncodedTimes({passed_}));
  }
  bool SnapshotSlice(std::uint32_t max_rows) override { return table_->SnapshotSlice(max_rows); }

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    In* rows = batch.rows_as<In>();
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t count =
          budget.Take(std::min<std::uint32_t>(batch.size - begin, Table::kPrefetchRows));
      typename Table::Block block(*table_, batch.hashes + begin, count);
      auto out = this->chain_.Begin();
      for (std::uint32_t i = begin; i < begin + count; ++i) {
        decltype(auto) key = this->key_(std::as_const(rows[i]));
        const RowRef ref = table_->Find(key, batch.hashes[i], block, i - begin);
        OnRecord(rows[i], key, batch.hashes[i], ref,
                 batch.times != nullptr ? batch.times[i] : EventTime::Min(), out);
        block.Renew();
      }
      out.End();
      *row = begin + count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    return *row == batch.size;
  }

  bool AdvanceWatermark(EventTime watermark, StepBudget& budget) override {
    if (watermark == EventTime::Max() && this->spec_.windows.count == 0 && !EmitAll(budget))
      return false;
    passed_ = std::max(passed_, watermark);
    this->ForwardWatermark(watermark);
    return true;
  }
  std::uint64_t StateRows() const override { return table_->size(); }
  std::uint64_t TableBytes() const override { return table_->allocated_bytes(); }
  std::uint64_t HeldBytes() const override { return table_->HeldBytes(); }

 private:
  using Progress = internal::CountProgress;
  Progress& ProgressOf(RowRef ref) { return *reinterpret_cast<Progress*>(ref.row + count_offset_); }
  Accumulator& AccOf(RowRef ref) { return StoredMutable<Accumulator>(ref.row + acc_offset_); }

  template <class Cursor>
  MILLRACE_INLINE void OnRecord(const In& record, const K& key, std::uint64_t hash, RowRef ref,
                                EventTime time, Cursor& out) {
    if (ref) {
      table_->Touch(ref);
    } else {
      ref = table_->Insert(key, hash);
      ProgressOf(ref) = {};
      AccOf(ref) = this->Created();
    }
    this->AddTo(AccOf(ref), record);
    StoredOwn<Accumulator>(ref.row + acc_offset_);
    Progress& progress = ProgressOf(ref);
    progress.latest = std::max(progress.latest, time);
    if (++progress.records != this->spec_.windows.count) return;
    Emit(out, ref);
    table_->Erase(ref);
  }
  template <class Cursor>
  void Emit(Cursor& out, RowRef ref) {
    // Never late for what comes behind, whenever the key's last record came.
    const EventTime first = passed_ == EventTime::Min() ? passed_ : passed_ + Duration(1);
    this->EmitResult(out, Table::KeyOf(ref), {EventTime::Min(), EventTime::Max()},
                     std::max(ProgressOf(ref).latest, first), std::as_const(AccOf(ref)));
  }

  /// The end of the stream; resumable at every row.
  bool EmitAll(StepBudget& budget) {
    for (;;) {
      if (this->Blocked()) return false;
      const std::uint32_t want = budget.Take(128);
      std::uint32_t count = 0;
      auto out = this->chain_.Begin();
      for (; count < want; ++count) {
        const RowRef ref = table_->Next(&cursor_);
        if (!ref) break;
        Emit(out, ref);
      }
      out.End();
      if (count < want) {
        table_->Clear();
        cursor_ = {};
        return true;
      }
      if (budget.Spend(count)) return false;
    }
  }

  std::optional<Table> table_;
  std::uint32_t count_offset_ = 0;
  std::uint32_t acc_offset_ = 0;
  StateTable::Cursor cursor_;
  EventTime passed_ = EventTime::Min();  // the watermark
};

}  // namespace millrace
