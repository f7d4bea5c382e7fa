#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "millrace/base/prefetch.h"
#include "millrace/operators/aggregators.h"
#include "millrace/operators/local_copy.h"
#include "millrace/operators/window/slice_window_base.h"
#include "millrace/operators/window/sliding_snapshot.h"
#include "millrace/operators/window/sliding_store.h"

namespace millrace {

/// Windows made of several panes. A record is added to its key's entry in one pane's log; per key a value over the
/// window's panes is kept up to date as panes enter and leave, so that a slide costs the entries of two panes and one
/// result per key, however many panes a window has.
///
///   aggregates with Subtract   `back` is the running total: entries are merged into it and subtracted from it
///   others                     two stacks: entering entries are merged into `back`. When the window has to let go of
///                              a pane and the front is empty, all panes of the back are turned over, newest first:
///                              each entry remembers the slot's front so far (`rest`) and is merged into it, so that
///                              letting go of an entry means to put `rest` in the front's place.
///                              (Tangwongsan, Hirzel, Schneider: "In-order sliding-window aggregation in worst-case
///                              constant time", section 2; amortized one merge per entry.)
///
/// A late record in the panes that stand in the front makes the front void: it is built anew when the next window fires.
template <class K, class In, class KeyFn, class Agg, class WindowFn, class Chain>
class SlidingWindowOperator final
    : public SliceWindowBase<SlidingWindowOperator<K, In, KeyFn, Agg, WindowFn, Chain>, K, In,
                             KeyFn, Agg, WindowFn, Chain> {
 public:
  using Base = SliceWindowBase<SlidingWindowOperator<K, In, KeyFn, Agg, WindowFn, Chain>, K, In,
                               KeyFn, Agg, WindowFn, Chain>;
  using Accumulator = typename Agg::Accumulator;
  static constexpr bool kStacks = !kInvertible<Agg>;
  static constexpr bool kSnapshots = ColumnCodec<Stored<Accumulator>>::kExists;
  using Store = SlidingStore<K, Accumulator, kStacks>;
  using Slot = typename Store::Slot;
  using Entry = typename Store::Entry;
  using Pane = typename Store::Pane;
  using Key = typename Store::Key;
  using Block = typename KeyedTable<K>::Block;
  using Base::Base;

  void Open(OperatorContext& context) override {
    Base::Open(context);
    store_.emplace(KeyGroupRange::Of(context.subtask, context.parallelism), context.memory);
    if (context.checkpoints && !kSnapshots) ThrowNoSnapshots();
    if (context.restore != nullptr) Restore(*context.restore);
  }
  bool SnapshotSlice(std::uint32_t max_rows) override {
    for (;;) {
      const PanesOwed::Run run = owed_.TakeOldest(max_rows);
      if (run.count() == 0) return true;
      Write(run);
      max_rows -= run.count();
      if (max_rows == 0) return false;
    }
  }
  std::uint64_t StateRows() const override { return store_->table().size(); }
  std::uint64_t TableBytes() const override { return store_->TableBytes(); }
  std::uint64_t HeldBytes() const override { return store_->HeldBytes(); }

 private:
  friend Base;
  enum class Phase { kNone, kReset, kEvict, kTurn, kEnter, kEmit };

  static Accumulator& Acc(Stored<Accumulator>& stored) {
    return StoredMutable<Accumulator>(reinterpret_cast<std::byte*>(&stored));
  }
  static void Own(Stored<Accumulator>& stored) {
    StoredOwn<Accumulator>(reinterpret_cast<std::byte*>(&stored));
  }
  void Set(Stored<Accumulator>& to, const Accumulator& value) {
    Acc(to) = value;
    Own(to);
  }
  void Merge(Stored<Accumulator>& into, const Accumulator& value) {
    this->MergeInto(Acc(into), value);
    Own(into);
  }

  /// Panes alone: what slots have over them is built anew when the next window fires.
  void FreezePanes(OperatorSnapshot& to) {
    owed_.Begin(&to);
    for (std::size_t i = 0; i < store_->panes(); ++i) {
      Pane& pane = store_->pane(i);
      owed_.Owe(pane.start, pane.log.size());
      store_->Seal(pane);
    }
  }
  void Write(const PanesOwed::Run& run) {
    if constexpr (kSnapshots) WritePaneEntries<K, Accumulator>(*store_, run);
  }
  /// Before a pane goes: what it owes to snapshots; resumable.
  bool WriteOwed(Pane& pane, StepBudget& budget) {
    for (;;) {
      const PanesOwed::Run run = owed_.TakeOf(pane.start, budget.Take(128));
      if (run.count() == 0) return true;
      Write(run);
      if (budget.Spend(run.count())) return false;
    }
  }
  void Restore(const OperatorRestore& from) {
    if constexpr (kSnapshots) ReadPanes(from);
  }
  void ReadPanes(const OperatorRestore& from) {
    for (const std::int64_t start : SliceProgress::Restored(from).panes)
      store_->FindOrCreatePane(start);
    RestoreSlidingPanes<K, Accumulator>(
        from, [this](std::int64_t start, const K& key, Stored<Accumulator>& acc) {
          const std::uint64_t hash = KeyHash(key);
          if (!store_->table().Owns(static_cast<std::uint32_t>(hash >> 48))) return;
          Pane& pane = store_->FindOrCreatePane(start);
          Key& at = store_->FindOrAdd(key, hash);
          // A key may have several entries in a pane: they add up.
          Entry& entry = store_->AddEntry(pane, WayOf(start), at);
          Set(entry.acc, Acc(acc));
        });
    reset_ = true;
    this->RestoreProgress(SliceProgress::Restored(from));
  }

  std::size_t pane_count() const { return store_->panes(); }
  std::int64_t pane_start(std::size_t i) { return store_->pane(i).start; }
  std::uint32_t WayOf(std::int64_t pane_start) const {
    return static_cast<std::uint32_t>(EventTime::FloorDiv(pane_start, this->schedule_.pane()) & 1);
  }

  void AddRows(In* rows, const Batch& batch, std::uint32_t begin, std::uint32_t count,
               std::int64_t now) {
    Block block(store_->table(), batch.hashes + begin, count);
    if (store_->wants_prefetch()) FetchEntries(block, rows + begin, count);
    const EventTime* const times = this->processing_time() ? nullptr : batch.times + begin;
    for (std::uint32_t i = 0; i < count; ++i) {
      i = AddRun(block, rows + begin, times, i, count, now);
      if (i == count) break;
      // A new key, or not the pane at hand: one record on its own.
      In& record = rows[begin + i];
      const std::int64_t time = times != nullptr ? times[i].millis() : now;
      Key& key = store_->FindOrAdd(this->key_(std::as_const(record)), batch.hashes[begin + i]);
      if (time >= current_begin_ && time < current_end_) {
        AddToPane(*current_, current_way_, key, record);
      } else {
        AddSlow(record, key, batch.hashes[begin + i], time);
      }
      block.Renew();
    }
  }

  /// Adds the rows of a block from `from` on, as long as they belong to the pane at hand and their keys are known; the first
  /// row that was not added. In short passes: each keeps many rows under way at once.
  std::uint32_t AddRun(const Block& block, const In* rows, const EventTime* times,
                       std::uint32_t from, std::uint32_t count, std::int64_t now) {
    Pane* const pane = current_;
    if (pane == nullptr) return from;
    const internal::LocalCopy<KeyFn> key_of(this->key_);
    const PaneSpan span(current_begin_, current_end_);
    std::uint32_t end = from;
    if (times != nullptr) {
      while (end < count && span.Has(times[end].millis()) &&
             block.Hit(key_of.get()(rows[end]), end))
        ++end;
    } else if (span.Has(now)) {
      while (end < count && block.Hit(key_of.get()(rows[end]), end)) ++end;
    }
    const internal::LocalCopy<Agg> agg(this->agg_);
    const std::uint32_t way = current_way_;
    const std::uint32_t serial = pane->serial;
    for (std::uint32_t i = from; i < end; ++i) {
      Key& key = store_->KeyAt(block.row(i));
      if (key.pane[way] == serial) [[likely]] {
        Entry& entry = *key.open[way];
        this->AddTo(agg.get(), Acc(entry.acc), rows[i]);
        Own(entry.acc);
      } else {
        AddNewToPane(*pane, way, key, rows[i]);
      }
    }
    return end;
  }
  /// The key's entry in the pane at hand; without one its slot, which a new entry is counted in.
  void FetchEntries(const Block& block, const In* rows, std::uint32_t count) {
    const std::uint32_t serial = current_ != nullptr ? current_->serial : 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!block.Hit(this->key_(rows[i]), i)) continue;
      const Key& key = store_->KeyAt(block.row(i));
      if (key.pane[current_way_] == serial) {
        PrefetchToWrite(key.open[current_way_]);
      } else {
        store_->PrefetchSlot(key.slot);
      }
    }
  }

  /// True when the key got a new entry.
  bool AddToPane(Pane& pane, std::uint32_t way, Key& key, const In& record) {
    if (key.pane[way] != pane.serial) {
      AddNewToPane(pane, way, key, record);
      return true;
    }
    Entry& entry = *key.open[way];
    this->AddTo(Acc(entry.acc), record);
    Own(entry.acc);
    return false;
  }
  MILLRACE_INLINE void AddNewToPane(Pane& pane, std::uint32_t way, Key& key, const In& record) {
    Entry& entry = store_->AddEntry(pane, way, key);
    Acc(entry.acc) = this->Created();
    this->AddTo(Acc(entry.acc), record);
    Own(entry.acc);
  }

  void AddSlow(In& record, Key& key, std::uint64_t hash, std::int64_t time) {
    const std::uint32_t id = key.slot;
    const auto place = this->PlaceOf(record, time, hash);
    if (!place.accepted) {
      if (store_->slot(id).entries == 0) store_->Forget(id);
      return;
    }
    Pane& pane = store_->FindOrCreatePane(place.start);
    const bool fresh = AddToPane(pane, WayOf(place.start), key, record);
    if (place.first_end - 1 > this->all_fired_through()) {
      current_ = &pane;
      current_way_ = WayOf(place.start);
      current_begin_ = place.start;
      current_end_ = place.start + this->schedule_.pane();
      return;
    }
    // Behind the watermark: what is kept over the window's panes takes it too.
    if (place.start >= begin_ && place.start < end_) {
      if (place.start < middle_) {
        reset_ = true;
      } else {
        AddToBack(store_->slot(id), record, fresh);
      }
    }
    this->ForFiredWindows(place, [&](std::int64_t end) { FireOne(id, end); });
  }

  void AddToBack(Slot& slot, const In& record, bool fresh) {
    if (slot.back_entries == 0) Acc(slot.back) = this->Created();
    this->AddTo(Acc(slot.back), record);
    Own(slot.back);
    if (fresh) ++slot.back_entries;
  }

  bool DropExpired(StepBudget& budget) {
    const bool done = DropPanes(budget);
    store_->ForgetAll();
    return done;
  }
  bool DropPanes(StepBudget& budget) {
    if (current_ != nullptr &&
        this->schedule_.FirstEnd(current_begin_) - 1 <= this->fired_through_) {
      current_ = nullptr;
      current_begin_ = current_end_ = 0;
    }
    if (phase_ != Phase::kNone) return true;  // a window is being fired: its panes are in use
    while (store_->panes() > 0) {
      Pane& pane = store_->pane(0);
      if (!this->Expired(this->schedule_.LastEnd(pane.start))) return true;
      if (pane.start >= begin_ && pane.start < end_)
        return true;  // goes when it has left the window
      if (!WriteOwed(pane, budget)) return false;
      if (!Walk(pane, budget, [&](Entry& entry) { store_->Release(entry.slot); })) return false;
      store_->DropFront();
    }
    return true;
  }

  /// Calls `fn(entry)` for the entries of a pane from `at_` on, with the slots prefetched; resumable.
  template <class Fn>
  bool Walk(Pane& pane, StepBudget& budget, Fn fn) {
    constexpr std::uint32_t kAhead = 16;
    const bool prefetch = store_->wants_prefetch();
    while (at_ < pane.log.size()) {
      const std::uint32_t count = budget.Take(std::min<std::uint32_t>(pane.log.size() - at_, 128));
      for (std::uint32_t i = at_; i < at_ + count; ++i) {
        if (prefetch && i + kAhead < pane.log.size())
          store_->PrefetchSlot(pane.log[i + kAhead].slot);
        fn(pane.log[i]);
      }
      at_ += count;
      if (budget.Spend(count) && at_ < pane.log.size()) return false;
    }
    at_ = 0;
    return true;
  }

  /// Fires one window; resumable.
  bool FireWindow(std::int64_t end, StepBudget& budget) {
    const std::int64_t begin = end - this->schedule_.size();
    if (phase_ == Phase::kNone) {
      phase_ = reset_ ? Phase::kReset : Phase::kEvict;
      reset_ = false;
      at_ = 0;
    }
    if (phase_ == Phase::kReset) {
      if (!Reset(begin, budget)) return false;
      phase_ = Phase::kEvict;
    }
    if (phase_ == Phase::kEvict || phase_ == Phase::kTurn) {
      if (!Evict(begin, budget)) return false;
      phase_ = Phase::kEnter;
    }
    if (phase_ == Phase::kEnter) {
      if (!Enter(end, budget)) return false;
      phase_ = Phase::kEmit;
    }
    if (!Emit(this->WindowThatEnds(end), budget)) return false;
    phase_ = Phase::kNone;
    return true;
  }

  /// Takes everything out of the window: it will be built anew from its panes.
  bool Reset(std::int64_t begin, StepBudget& budget) {
    while (begin_ < end_) {
      const std::size_t i = store_->LowerBound(begin_);
      if (i == store_->panes() || store_->pane(i).start >= end_) break;
      Pane& pane = store_->pane(i);
      const auto forget = [&](Entry& entry) {
        Slot& slot = store_->slot(entry.slot);
        slot.front_entries = slot.back_entries = 0;
      };
      if (!Walk(pane, budget, forget)) return false;
      begin_ = pane.start + this->schedule_.pane();
    }
    begin_ = middle_ = end_ = begin;
    return true;
  }

  /// Lets go of the panes before `begin`.
  bool Evict(std::int64_t begin, StepBudget& budget) {
    const bool forget = this->spec_.lateness.count() == 0;  // then nobody needs the pane any more
    for (;;) {
      const std::size_t i = store_->LowerBound(begin_);
      if (i == store_->panes() || store_->pane(i).start >= std::min(begin, end_)) break;
      Pane& pane = store_->pane(i);
      if constexpr (kStacks) {
        if (phase_ == Phase::kEvict && pane.start >= middle_) {
          turn_ = store_->LowerBound(end_);
          phase_ = Phase::kTurn;
        }
        if (phase_ == Phase::kTurn && !Turn(budget)) return false;
        phase_ = Phase::kEvict;
      }
      const auto leave = [&](Entry& entry) {
        Leave(store_->slot(entry.slot), entry);
        if (forget) store_->Release(entry.slot);
      };
      if (forget && !WriteOwed(pane, budget)) return false;
      if (!Walk(pane, budget, leave)) return false;
      begin_ = pane.start + this->schedule_.pane();
      if (forget && i == 0) {
        store_->DropFront();
      } else if (forget) {
        // Panes before it wait for their turn in DropExpired; this one has nothing left to release.
        store_->Clear(pane);
      }
    }
    begin_ = std::max(begin_, begin);
    middle_ = std::max(middle_, begin_);
    end_ = std::max(end_, begin_);
    return true;
  }

  void Leave(Slot& slot, Entry& entry) {
    if constexpr (kStacks) {
      if (--slot.front_entries > 0) std::swap(slot.front, entry.rest);
    } else {
      if (--slot.back_entries > 0)
        this->SubtractFrom(Acc(slot.back), std::as_const(Acc(entry.acc)));
    }
  }

  /// Two stacks: the panes from `middle_` to `end_` become the front, newest first. `turn_` is the pane behind the next.
  bool Turn(StepBudget& budget) {
    while (turn_ > 0 && store_->pane(turn_ - 1).start >= middle_) {
      Pane& pane = store_->pane(turn_ - 1);
      while (at_ < pane.log.size()) {
        TurnEntry(pane.log[pane.log.size() - 1 - at_++]);
        if (budget.Spend(1) && at_ < pane.log.size()) return false;
      }
      at_ = 0;
      --turn_;
    }
    middle_ = end_;
    return true;
  }
  void TurnEntry(Entry& entry) {
    if constexpr (kStacks) {
      Slot& slot = store_->slot(entry.slot);
      --slot.back_entries;
      if (slot.front_entries++ == 0) {
        Set(slot.front, Acc(entry.acc));
        return;
      }
      std::swap(entry.rest, slot.front);
      Set(slot.front, Acc(entry.acc));
      Merge(slot.front, std::as_const(Acc(entry.rest)));
    }
  }

  /// Adds the panes up to `end`.
  bool Enter(std::int64_t end, StepBudget& budget) {
    for (;;) {
      const std::size_t i = store_->LowerBound(end_);
      if (i == store_->panes() || store_->pane(i).start >= end) break;
      Pane& pane = store_->pane(i);
      const auto join = [&](Entry& entry) {
        Slot& slot = store_->slot(entry.slot);
        if (slot.back_entries++ == 0) {
          Set(slot.back, Acc(entry.acc));
        } else {
          Merge(slot.back, std::as_const(Acc(entry.acc)));
        }
      };
      if (!Walk(pane, budget, join)) return false;
      end_ = pane.start + this->schedule_.pane();
    }
    end_ = end;
    return true;
  }

  bool Emit(const Window& window, StepBudget& budget) {
    while (at_ < store_->slots()) {
      if (this->Blocked()) return false;
      const std::uint32_t count = budget.Take(std::min<std::uint32_t>(store_->slots() - at_, 128));
      auto out = this->chain_.Begin();
      for (std::uint32_t i = at_; i < at_ + count; ++i) {
        Slot& slot = store_->slot(i);
        if (slot.in_window() > 0 && !this->FiredBefore(store_->KeyOf(slot), window.end.millis()))
          EmitSlot(out, slot, window);
      }
      out.End();
      at_ += count;
      if (budget.Spend(count) && at_ < store_->slots()) return false;
    }
    at_ = 0;
    return true;
  }
  template <class Cursor>
  MILLRACE_INLINE void EmitSlot(Cursor& out, Slot& slot, const Window& window) {
    const K& key = store_->KeyOf(slot);
    if constexpr (kStacks) {
      if (slot.front_entries > 0 && slot.back_entries > 0) {
        Set(both_, Acc(slot.front));
        Merge(both_, std::as_const(Acc(slot.back)));
        this->EmitResult(out, key, window, window.max_timestamp(), std::as_const(Acc(both_)));
        return;
      }
      if (slot.front_entries > 0) {
        this->EmitResult(out, key, window, window.max_timestamp(), std::as_const(Acc(slot.front)));
        return;
      }
    }
    this->EmitResult(out, key, window, window.max_timestamp(), std::as_const(Acc(slot.back)));
  }

  /// One key's result of a window that has fired before: its panes are merged for this key.
  void FireOne(std::uint32_t id, std::int64_t end) {
    const Window window = this->WindowThatEnds(end);
    Set(both_, this->Created());
    for (std::size_t i = store_->LowerBound(window.start.millis());
         i < store_->panes() && store_->pane(i).start < end; ++i) {
      store_->pane(i).ForSlot(id,
                              [&](Entry& entry) { Merge(both_, std::as_const(Acc(entry.acc))); });
    }
    auto out = this->chain_.Begin();
    this->EmitResult(out, store_->KeyOf(store_->slot(id)), window, window.max_timestamp(),
                     std::as_const(Acc(both_)));
    out.End();
  }

  std::optional<Store> store_;
  Stored<Accumulator> both_{};
  PanesOwed owed_;

  // What the slots' front and back cover: front the panes in [begin_, middle_), back those in [middle_, end_).
  std::int64_t begin_ = INT64_MIN;
  std::int64_t middle_ = INT64_MIN;
  std::int64_t end_ = INT64_MIN;
  bool reset_ = false;

  // The pane that takes records without further questions.
  Pane* current_ = nullptr;
  std::uint32_t current_way_ = 0;
  std::int64_t current_begin_ = 0;
  std::int64_t current_end_ = 0;

  Phase phase_ = Phase::kNone;
  std::uint32_t at_ = 0;  // entry or slot at hand
  std::size_t turn_ = 0;
};

}  // namespace millrace
