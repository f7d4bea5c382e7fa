#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/operators/edge/key_column.h"
#include "millrace/operators/process_operator.h"
#include "millrace/operators/snapshot.h"
#include "millrace/state/state_table.h"

namespace millrace {

/// A process function with keyed state and timers: one row per key with a column per state, a word that says which
/// states have a value, and the due times of both domains. A row without any of them is erased after the call.
template <class K, class Fn, class Chain>
class KeyedProcessBase : public ProcessOperatorBase<Fn, KeyedContext<K>, Chain>,
                         public TimerView<K> {
 public:
  using Base = ProcessOperatorBase<Fn, KeyedContext<K>, Chain>;
  using Base::Base;
  using Context = KeyedContext<K>;
  static constexpr bool kTimers =
      requires { &Fn::OnTimer; } || requires(Fn& f, Context& c, Collector<typename Fn::Out>& o) {
        f.OnTimer(EventTime::Min(), c, o);
      };

  /// Its records have no event time: event-time timers are a mistake, but for one at the end of input.
  void WithoutEventTime() { timed_ = false; }

  void Open(OperatorContext& context) override {
    RowLayout layout = KeyedTable<K>::KeyLayout();
    const std::uint32_t presence = layout.AddColumn(ColumnOpsOf<std::uint32_t>());
    for (const auto& entry : this->fn_.states()) {
      columns_.push_back(layout.AddOptionalColumn(entry.ops, presence));
      const std::uint32_t bit = std::uint32_t{1} << (columns_.size() - 1);
      if (entry.expiry.next != nullptr) expiry_.Add(entry.expiry, columns_.back(), bit);
    }
    Context& process = this->process_;
    if (expiry_.any()) {
      expiry_.Bind(presence, &layout);
      expiry_.FollowRecords(&this->now());
      key_.BindExpiry(&expiry_);
    }
    if constexpr (kTimers) {
      process.event_timers_.Bind(layout.AddColumn(ColumnOpsOf<DueTimes>()));
      process.processing_timers_.Bind(layout.AddColumn(ColumnOpsOf<DueTimes>()));
      if (!timed_) {
        process.event_timers_.Refuse(
            "an event-time timer was registered on a stream without event time: give the source "
            "(or AssignTimestampsAndWatermarks) a WatermarkStrategy with WithTimestamp");
      }
    }
    process.state_ = &key_;
    table_.emplace(std::move(layout), KeyGroupRange::Of(context.subtask, context.parallelism),
                   context.memory);
    OpenTable(context, 0, &*table_);
    key_.Bind(
        &*table_,
        [](StateTable& table, const void* key, std::uint64_t hash) {
          return static_cast<KeyedTable<K>&>(table).Insert(*static_cast<const K*>(key), hash);
        },
        presence, context.state);
    Base::Open(context);
    if (context.restore != nullptr) Restore(*context.restore);
    BindStates(true);  // the function's Open has no key
  }
  void Close() override {
    BindStates(false);
    Base::Close();
  }

  bool AdvanceWatermark(EventTime watermark, StepBudget& budget) override {
    if (!cleaning_) {
      // One that has not risen says only that an input counts again. (The last one comes with the end, too.)
      if (watermark != fired_through_ || watermark == EventTime::Max()) {
        this->SetWatermark(watermark);
        if (!Fire(TimeDomain::kEventTime, watermark.millis(), budget)) return false;
        fired_through_ = watermark;
        expiry_.SetWatermark(watermark);
      }
      this->PassWatermark(watermark);  // nobody waits for the clean-up
    }
    cleaning_ = !CleanExpired(TimeDomain::kEventTime, watermark.millis(), budget);
    return !cleaning_;
  }
  bool AdvanceProcessingTime(std::int64_t wall_millis, StepBudget& budget) override {
    return Fire(TimeDomain::kProcessingTime, wall_millis, budget) &&
           CleanExpired(TimeDomain::kProcessingTime, wall_millis, budget);
  }
  std::int64_t NextProcessingTime() const override {
    return std::min(this->process_.processing_timers_.queue().next(),
                    expiry_.next(TimeDomain::kProcessingTime));
  }

  void BeginSnapshot(OperatorSnapshot& to) override {
    Base::BeginSnapshot(to);
    to.Freeze(0, &*table_);
    to.Put(SnapshotBlock::kOperator, EncodedTimes({this->watermark(), fired_through_}));
  }
  bool SnapshotSlice(std::uint32_t max_rows) override { return table_->SnapshotSlice(max_rows); }

  std::uint64_t StateRows() const override { return table_->size(); }
  std::uint64_t TableBytes() const override { return table_->allocated_bytes(); }
  std::uint64_t HeldBytes() const override {
    const Context& process = this->process_;
    return Base::HeldBytes() + table_->HeldBytes() +
           process.event_timers_.queue().allocated_bytes() +
           process.processing_timers_.queue().allocated_bytes() + expiry_.allocated_bytes();
  }
  std::uint64_t PendingTimers() const override {
    const Context& process = this->process_;
    return process.event_timers_.pending() + process.processing_timers_.pending();
  }
  std::vector<Timer<K>> Timers(TimeDomain domain) const override {
    std::vector<Timer<K>> found;
    if constexpr (kTimers) {
      const Context& process = this->process_;
      const TimerService& timers =
          domain == TimeDomain::kEventTime ? process.event_timers_ : process.processing_timers_;
      StateTable::Cursor cursor;
      while (const RowRef ref = table_->Next(&cursor)) {
        timers.Due(ref.row).ForEach([&](std::int64_t time) {
          found.push_back({KeyedTable<K>::KeyOf(ref), EventTime::FromMillis(time)});
        });
      }
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.time < b.time; });
    return found;
  }

 protected:
  /// Records of one batch through `call(record, collector)`.
  template <class In, class KeyFn, class Call>
  bool ProcessRows(const KeyFn& key_fn, Batch& batch, std::uint32_t* row, StepBudget& budget,
                   Call call) {
    const In* rows = batch.rows_as<In>();
    SeeTime();
    while (*row < batch.size) {
      const std::uint32_t begin = *row;
      const std::uint32_t count =
          budget.Take(std::min<std::uint32_t>(batch.size - begin, KeyedTable<K>::kPrefetchRows));
      typename KeyedTable<K>::Block block(*table_, batch.hashes + begin, count);
      auto cursor = this->chain_.Begin();
      for (std::uint32_t i = begin; i < begin + count; ++i) {
        const In& record = rows[i];
        const K& key = key_fn(record);
        const std::uint64_t hash = batch.hashes[i];
        key_.Set(&key, hash, table_->Find(key, hash, block, i - begin));
        this->process_.key_ = &key;
        this->Collecting(
            cursor, batch.times != nullptr ? batch.times[i] : EventTime::Min(),
            [&](auto& out)
              requires std::is_invocable_v<Call, const In&, decltype(out)>
            { call(record, out); },
            [&] { return "record " + internal::DescribeRecord(record); });
        Leave();
        block.Renew();
      }
      cursor.End();
      *row = begin + count;
      this->context_->counters->in.Add(count);
      if (budget.Spend(count) || this->Blocked()) break;
    }
    key_.Set(nullptr, 0, {});
    return *row == batch.size;
  }

  /// Lets the function use its keyed states, or not.
  void BindStates(bool on) {
    std::uint32_t bit = 1;
    for (std::size_t i = 0; i < columns_.size(); ++i, bit <<= 1)
      this->fn_.member(this->fn_.states()[i]).BindState(on ? &key_ : nullptr, columns_[i], bit);
  }
  /// Calls `visit(key)` for every key with its states at hand, while a record without a key is processed.
  template <class Visit>
  void ForEachKey(Visit visit) {
    BindStates(true);
    StateTable::Cursor cursor;  // no key comes in meanwhile: those at hand have a row
    while (const RowRef ref = table_->Next(&cursor)) {
      const K key = KeyedTable<K>::KeyOf(ref);
      key_.Set(&key, table_->layout().Hash(ref.row), ref);
      visit(key);
      Leave();
    }
    key_.Set(nullptr, 0, {});
    BindStates(false);
  }

 private:
  void Restore(const OperatorRestore& from) {
    const std::vector<EventTime> times = RestoredTimes(from, 2);
    this->SetWatermark(times[0]);
    fired_through_ = times[1];
    expiry_.SetWatermark(fired_through_);
    if (!kTimers && !expiry_.any()) return;
    Context& process = this->process_;
    StateTable::Cursor cursor;
    while (const RowRef ref = table_->Next(&cursor)) {
      const std::uint64_t hash = table_->layout().Hash(ref.row);
      if constexpr (kTimers) {
        process.event_timers_.Restored(ref.row, hash);
        process.processing_timers_.Restored(ref.row, hash);
      }
      if (expiry_.any()) expiry_.OnRestored(ref.row, hash);
    }
  }
  /// The clock, for states that expire by it: read once for many records.
  void SeeTime() {
    if (expiry_.any()) expiry_.SetProcessingTime(this->context_->clock->WallMillis());
  }
  /// After user code: strings become the row's own, a row without content goes.
  MILLRACE_INLINE void Leave() {
    if (key_.owes()) [[unlikely]]
      key_.Settle();
    const RowRef ref = key_.ref();
    if (ref && key_.Presence() == 0) EraseUnlessTimed(ref);
  }
  MILLRACE_INLINE void EraseUnlessTimed(RowRef ref) {
    if constexpr (kTimers) {
      Context& process = this->process_;
      if (!process.event_timers_.Due(ref.row).empty() ||
          !process.processing_timers_.Due(ref.row).empty())
        return;
    }
    table_->Erase(ref);
  }

  /// Fires what is due, in the order of time; resumable at each timer.
  bool Fire(TimeDomain domain, std::int64_t through, StepBudget& budget) {
    if constexpr (kTimers) {
      Context& process = this->process_;
      TimerService& timers =
          domain == TimeDomain::kEventTime ? process.event_timers_ : process.processing_timers_;
      TimerQueue::Entry entry;
      bool done = false;
      SeeTime();
      while (!done) {
        if (this->Blocked()) return false;
        const std::uint32_t want = budget.Take(64);
        std::uint32_t count = 0;
        auto cursor = this->chain_.Begin();
        for (; count < want; ++count) {
          done = !timers.queue().Pop(through, &entry);
          if (done) break;
          FetchComing(timers.queue());
          FireOne(domain, timers, entry, cursor);
        }
        cursor.End();
        if (!done && budget.Spend(count)) return false;
      }
    }
    return true;
  }

  /// Takes out what has expired by then; resumable at each row. Only states with a time to live are ever due.
  bool CleanExpired(TimeDomain domain, std::int64_t through, StepBudget& budget) {
    if (domain == TimeDomain::kEventTime && through == EventTime::Max().millis()) return true;
    TimerQueue::Entry entry;
    while (expiry_.queue(domain).Pop(through, &entry)) {
      const RowRef ref = table_->FindByHash(
          entry.hash, [&](std::byte* row) { return expiry_.Wants(row, domain, entry.time); });
      if (ref) {  // else the key has gone in the meantime
        expiry_.Clean(&*table_, ref, entry.hash, domain, through, this->context_->state);
        key_.Set(nullptr, entry.hash, ref);
        if (key_.Presence() == 0) EraseUnlessTimed(ref);
        key_.Set(nullptr, 0, {});
      }
      if (budget.Spend(1)) return false;
    }
    return true;
  }
  /// The rows of timers that are due together lie anywhere: their cache misses do not wait for each other.
  MILLRACE_INLINE void FetchComing(TimerQueue& queue) {
    std::uint64_t hashes[32];
    if (const std::uint32_t count = queue.TakeComing(hashes, 32)) table_->Fetch(hashes, count);
  }

  template <class Cursor>
  void FireOne(TimeDomain domain, TimerService& timers, const TimerQueue::Entry& entry,
               Cursor& cursor) {
    const RowRef ref = table_->FindByHash(
        entry.hash, [&](std::byte* row) { return timers.Due(row).Contains(entry.time); });
    if (!ref) return;  // deleted in the meantime
    Context& process = this->process_;
    const K key = KeyedTable<K>::KeyOf(ref);
    key_.Set(&key, entry.hash, ref);
    timers.Fired(entry.time, key_);
    process.key_ = &key;
    process.domain_ = domain;
    const EventTime due = EventTime::FromMillis(entry.time);
    this->Collecting(
        cursor, domain == TimeDomain::kEventTime ? due : ResultTime(),
        [&](auto& out)
          requires requires(Fn& f, Context& c) { f.OnTimer(due, c, out); }
        { this->fn_.OnTimer(due, process, out); },
        [&] {
          return "timer of key " + internal::DescribeRecord(key) + ", due at " + due.ToString();
        });
    Leave();
    key_.Set(nullptr, 0, {});
  }
  /// Results of processing-time timers are never late: they bear the first millisecond after the watermark.
  EventTime ResultTime() const {
    const EventTime w = this->watermark();
    if (w == EventTime::Min() && timed_) return kMinTimestamp;
    return w == EventTime::Min() || w == EventTime::Max() ? w : w + Duration(1);
  }

  KeyContext key_;
  std::optional<KeyedTable<K>> table_;
  std::vector<std::uint32_t> columns_;  // of the states
  StateExpiry expiry_;
  bool timed_ = true;
  bool cleaning_ = false;  // the watermark is passed on, what has expired by it is being taken out
  EventTime fired_through_ = EventTime::Min();
};

/// One keyed input.
template <class K, class In, class KeyFn, class Fn, class Chain>
class KeyedProcessOperator final : public KeyedProcessBase<K, Fn, Chain> {
 public:
  KeyedProcessOperator(std::string name, const KeyFn& key, const Fn& fn, const Chain& chain)
      : KeyedProcessBase<K, Fn, Chain>(std::move(name), fn, chain), key_fn_(key) {}
  bool ProcessBatch(int, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    return this->template ProcessRows<In>(
        key_fn_, batch, row, budget,
        [this](const In& record, auto& out) -> decltype(std::declval<Fn&>().ProcessElement(
                                                record, std::declval<KeyedContext<K>&>(), out)) {
          return this->fn_.ProcessElement(record, this->process_, out);
        });
  }

  bool CanHashKeys(int) const override { return kIsWordKey<K>; }
  void HashKeys(int, Batch& batch) override { HashKeysOf<In>(key_fn_, batch); }

 private:
  KeyFn key_fn_;
};

/// Two keyed inputs with one key type.
template <class K, class In1, class In2, class KeyFn1, class KeyFn2, class Fn, class Chain>
class KeyedCoProcessOperator final : public KeyedProcessBase<K, Fn, Chain> {
 public:
  KeyedCoProcessOperator(std::string name, const KeyFn1& key1, const KeyFn2& key2, const Fn& fn,
                         const Chain& chain)
      : KeyedProcessBase<K, Fn, Chain>(std::move(name), fn, chain), key1_(key1), key2_(key2) {}
  bool ProcessBatch(int port, Batch& batch, std::uint32_t* row, StepBudget& budget) override {
    if (port == 0) {
      return this->template ProcessRows<In1>(
          key1_, batch, row, budget,
          [this](const In1& record, auto& out) -> decltype(std::declval<Fn&>().ProcessElement1(
                                                   record, std::declval<KeyedContext<K>&>(), out)) {
            return this->fn_.ProcessElement1(record, this->process_, out);
          });
    }
    return this->template ProcessRows<In2>(
        key2_, batch, row, budget,
        [this](const In2& record, auto& out) -> decltype(std::declval<Fn&>().ProcessElement2(
                                                 record, std::declval<KeyedContext<K>&>(), out)) {
          return this->fn_.ProcessElement2(record, this->process_, out);
        });
  }

  bool CanHashKeys(int) const override { return kIsWordKey<K>; }
  void HashKeys(int port, Batch& batch) override {
    if (port == 0) {
      HashKeysOf<In1>(key1_, batch);
    } else {
      HashKeysOf<In2>(key2_, batch);
    }
  }

 private:
  KeyFn1 key1_;
  KeyFn2 key2_;
};

}  // namespace millrace
