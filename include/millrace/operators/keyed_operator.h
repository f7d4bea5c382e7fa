#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/io/record.h"
#include "millrace/operators/aggregators.h"
#include "millrace/operators/chain/chain_operator.h"
#include "millrace/operators/edge/key_column.h"
#include "millrace/operators/snapshot.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// Result of a running aggregate: one per record, the key's value so far.
template <class K, class R>
struct KeyedResult {
  K key;
  R value;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // a key or value may be no standard layout
template <class K, class R>
constexpr auto MillraceRecordOf(internal::RecordTag<KeyedResult<K, R>>) {
  using Row = KeyedResult<K, R>;
  return internal::MakeFields<Row, &Row::key, &Row::value>(
      "KeyedResult", {"key", "value"}, {offsetof(Row, key), offsetof(Row, value)});
}
#pragma GCC diagnostic pop

/// An operator with one row of state per key and one input. `Logic` is what is done with a record:
///   using Value = the state column's type
///   kFirstIsRecord: the key's first record is the value; there is no First then
///   void First(Value&, const In&) / void Next(Value&, const In&): the key's first record, a further one
///   void Emit(cursor, const K&, const Value&, EventTime)
template <class K, class In, class KeyFn, class Logic, class Chain>
class KeyedOperator final : public ChainOperator<Chain> {
 public:
  using Value = typename Logic::Value;

  KeyedOperator(const KeyFn& key, const Logic& logic, const Chain& chain)
      : ChainOperator<Chain>(chain), key_(key), logic_(logic) {}

  void Open(OperatorContext& context) override {
    ChainOperator<Chain>::Open(context);
    RowLayout layout = KeyedTable<K>::KeyLayout();
    value_offset_ = layout.AddColumn(ColumnOpsOf<Stored<Value>>());
    table_.emplace(std::move(layout), KeyGroupRange::Of(context.subtask, context.parallelism),
                   context.memory);
    OpenTable(context, 0, &*table_);
  }

  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    In* rows = batch.rows_as<In>();
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t count =
          budget.Take(std::min<std::uint32_t>(batch.size - begin, KeyedTable<K>::kPrefetchRows));
      typename KeyedTable<K>::Block block(*table_, batch.hashes + begin, count);
      auto cursor = this->chain_.Begin();
      for (std::uint32_t i = begin; i < begin + count; ++i) {
        decltype(auto) key = key_(std::as_const(rows[i]));
        const EventTime time = batch.times != nullptr ? batch.times[i] : EventTime::Min();
        std::byte* at = block.row(i - begin);
        if constexpr (kSmall) {
          Value value;
          if (block.Hit(key, i - begin)) [[likely]] {
            table_->Touch(at, block.flag(i - begin));
            value = StoredGet<Value>(at + value_offset_);
            logic_.Next(value, rows[i]);
            CopyInto(StoredMutable<Value>(at + value_offset_), value);
          } else {
            at = Missed(rows[i], key, batch.hashes[i]);
            block.Renew();
            value = StoredGet<Value>(at + value_offset_);
          }
          logic_.Emit(cursor, KeyedTable<K>::KeyAt(at), std::as_const(value), time);
        } else {
          if (block.Hit(key, i - begin)) [[likely]] {
            table_->Touch(at, block.flag(i - begin));
            Change(at, rows[i]);
          } else {
            at = Missed(rows[i], key, batch.hashes[i]);
            block.Renew();
          }
          logic_.Emit(cursor, KeyedTable<K>::KeyAt(at), StoredGet<Value>(at + value_offset_), time);
        }
      }
      cursor.End();
      *row = begin + count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    return *row == batch.size;
  }
  bool CanHashKeys(int) const override { return kIsWordKey<K>; }
  void HashKeys(int, Batch& batch) override { HashKeysOf<In>(key_, batch); }
  void BeginSnapshot(OperatorSnapshot& to) override { to.Freeze(0, &*table_); }
  bool SnapshotSlice(std::uint32_t max_rows) override { return table_->SnapshotSlice(max_rows); }
  std::uint64_t StateRows() const override { return table_->size(); }
  std::uint64_t TableBytes() const override { return table_->allocated_bytes(); }
  std::uint64_t HeldBytes() const override { return table_->HeldBytes(); }

 private:
  /// Values that fit registers are changed there: what is emitted needs not wait for what was just stored.
  static constexpr bool kSmall =
      std::is_trivially_copyable_v<Value> && sizeof(Value) <= 32 && !kHasStringView<Value>;

  MILLRACE_INLINE void Change(std::byte* row, const In& record) {
    logic_.Next(StoredMutable<Value>(row + value_offset_), record);
    StoredOwn<Value>(row + value_offset_);
  }
  /// A record whose row was not noted: most often its key's first. The row.
  [[gnu::noinline]] std::byte* Missed(const In& record, const K& key, std::uint64_t hash) {
    RowRef ref = table_->Find(key, hash);
    if (ref) {
      table_->Touch(ref);
      Change(ref.row, record);
    } else {
      ref = table_->Insert(key, hash);
      if constexpr (Logic::kFirstIsRecord) {
        StoredSet<Value>(ref.row + value_offset_, record);
      } else {
        logic_.First(StoredMutable<Value>(ref.row + value_offset_), record);
        StoredOwn<Value>(ref.row + value_offset_);
      }
    }
    return ref.row;
  }

  KeyFn key_;
  Logic logic_;
  std::optional<KeyedTable<K>> table_;
  std::uint32_t value_offset_ = 0;
};

/// Reduce: the key's records folded with `T fn(const T&, const T&)`; emits the value so far per record. A function that
/// gives `const T&`, one of its arguments, copies the record once, or not at all. (Flink: KeyedStream.reduce)
template <class K, class T, class F>
class ReduceLogic {
 public:
  using Value = T;
  ReduceLogic(F fn, std::string name) : fn_(std::move(fn)), name_(std::move(name)) {}
  static constexpr bool kFirstIsRecord = true;
  MILLRACE_INLINE void Next(T& value, const T& record) const {
    try {
      if constexpr (std::is_same_v<std::invoke_result_t<const F&, const T&, const T&>, const T&>) {
        const T& next = fn_(std::as_const(value), record);
        if (&next != &value) CopyInto(value, next);
      } else {
        T next = fn_(std::as_const(value), record);
        MoveInto(value, next);
      }
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(record)>>(name_, record);
    }
  }
  template <class Cursor>
  MILLRACE_INLINE void Emit(Cursor& cursor, const K&, const T& value, EventTime time) const {
    cursor.Push(value, time);
  }

 private:
  F fn_;
  std::string name_;
};

/// Aggregate without a window: emits (key, result so far) per record.
template <class K, class T, class Agg>
class AggregateLogic {
 public:
  using Value = typename Agg::Accumulator;
  using Result = KeyedResult<K, AggregateResult<Agg>>;
  static constexpr bool kFirstIsRecord = false;
  AggregateLogic(Agg agg, std::string name) : agg_(std::move(agg)), name_(std::move(name)) {}
  MILLRACE_INLINE void First(Value& value, const T& record) const {
    try {
      value = agg_.Create();
    } catch (...) {
      internal::RethrowIn("Create of '" + name_ + "'");
    }
    Next(value, record);
  }
  MILLRACE_INLINE void Next(Value& value, const T& record) const {
    try {
      agg_.Add(value, record);
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(record)>>(name_, record);
    }
  }
  template <class Cursor>
  MILLRACE_INLINE void Emit(Cursor& cursor, const K& key, const Value& value, EventTime time) {
    if constexpr (kHasHeap<
                      Result>) {  // filled in place: what the last one has allocated serves again
      CopyInto(result_.key, key);
      result_.value = ResultOf(key, value);
      cursor.Push(std::as_const(result_), time);
    } else {
      Result result{key, ResultOf(key, value)};
      cursor.Push(result, time);
    }
  }

 private:
  MILLRACE_INLINE auto ResultOf(const K& key, const Value& value) const {
    try {
      return agg_.Result(value);
    } catch (...) {
      internal::RethrowAt(name_, "the result of key " + internal::DescribeRecord(key));
    }
  }

  struct Nothing {};
  [[no_unique_address]] std::conditional_t<kHasHeap<Result>, Result, Nothing> result_{};
  Agg agg_;
  std::string name_;
};

}  // namespace millrace
