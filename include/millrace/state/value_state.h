#pragma once

#include <string>
#include <utility>

#include "millrace/state/keyed_state.h"

namespace millrace {

/// One value per key. (Flink: ValueState)
///
///   struct Dedupe : KeyedProcessFunction<std::string, Order, Order> {
///     ValueState<bool> seen{this, "seen"};
///     ...
///   };
template <class T>
class ValueState : public StateMember {
 public:
  using StateMember::StateMember;
  ValueState(StateOwner* owner, std::string name) {
    owner->RegisterState(this, std::move(name), "value", internal::StateSchema<T>(),
                         ColumnOpsOf<Stored<T>>());
  }

  /// True when the key has a value.
  bool Has() const { return Present(); }
  /// The key's value, or T{} when it has none. Valid until the next change.
  const T& Get() const { return Present() ? StoredGet<T>(At()) : Default(); }
  /// The key's value to be changed in place; begins as T{}. Valid until user code returns.
  T& Mutable() {
    bool fresh = false;
    std::byte* at = WritableAt(&fresh);
    T& value = StoredMutable<T>(at);
    if (fresh) value = T{};
    if constexpr (kHasStringView<T>) context_->OwnLater(&internal::OwnStored<T>, at);
    return value;
  }
  /// Sets the key's value; a millrace::String in it is copied into the state.
  void Update(const T& value) {
    bool fresh = false;
    std::byte* at = WritableAt(&fresh);
    const std::size_t before = fresh ? 0 : DynamicBytes(StoredGet<T>(at));
    StoredSet<T>(at, value);
    Grow(DynamicBytes(value), before);
  }
  /// Takes the value away; a key without values and timers takes no memory.
  void Clear() {
    if constexpr (kHasHeap<T> || kHasStringView<T>) {
      if (Present()) Grow(0, DynamicBytes(StoredGet<T>(At())));
    }
    Remove();
  }

 private:
  static const T& Default() {
    static const T value{};
    return value;
  }
};

/// The key's values folded into one by `T fn(const T& so_far, const T& value)`. (Flink: ReducingState)
///
///   ReducingState<double> largest{this, "largest", [](const double& a, const double& b) { return std::max(a, b); }};
template <class T>
class ReducingState : public StateMember {
 public:
  using StateMember::StateMember;
  using Function = T (*)(const T&, const T&);
  ReducingState(StateOwner* owner, std::string name, Function fn) : fn_(fn) {
    owner->RegisterState(this, std::move(name), "reducing", internal::StateSchema<T>(),
                         ColumnOpsOf<Stored<T>>());
  }

  bool Has() const { return Present(); }
  /// Null when nothing was added.
  const T* Get() const { return Present() ? &StoredGet<T>(At()) : nullptr; }
  /// Folds a value in; the first one is kept as it is.
  void Add(const T& value) {
    bool fresh = false;
    std::byte* at = WritableAt(&fresh);
    const std::size_t before = fresh ? 0 : DynamicBytes(StoredGet<T>(at));
    if (fresh) {
      StoredSet<T>(at, value);
    } else {
      StoredSet<T>(at, fn_(StoredGet<T>(at), value));
    }
    Grow(DynamicBytes(StoredGet<T>(at)), before);
  }
  void Clear() {
    if constexpr (kHasHeap<T> || kHasStringView<T>) {
      if (Present()) Grow(0, DynamicBytes(StoredGet<T>(At())));
    }
    Remove();
  }

 private:
  Function fn_;
};

/// The key's values in an aggregator's accumulator (millrace/operators/aggregators.h). (Flink: AggregatingState)
///
///   AggregatingState<Average<Order, double>> mean{this, "mean", Average(&Order::amount)};
template <class Agg>
class AggregatingState : public StateMember {
 public:
  using StateMember::StateMember;
  using Accumulator = typename Agg::Accumulator;
  AggregatingState(StateOwner* owner, std::string name, Agg agg = Agg{}) : agg_(std::move(agg)) {
    owner->RegisterState(this, std::move(name), "aggregating", internal::StateSchema<Accumulator>(),
                         ColumnOpsOf<Stored<Accumulator>>());
  }

  bool Has() const { return Present(); }
  /// Takes a record of the aggregator in.
  template <class T>
  void Add(const T& value) {
    bool fresh = false;
    std::byte* at = WritableAt(&fresh);
    Accumulator& acc = StoredMutable<Accumulator>(at);
    if (fresh) acc = agg_.Create();
    agg_.Add(acc, value);
    StoredOwn<Accumulator>(at);
  }
  /// The result so far; of an empty accumulator when nothing was added.
  auto Get() const {
    if (Present()) return agg_.Result(StoredGet<Accumulator>(At()));
    return agg_.Result(agg_.Create());
  }
  void Clear() { Remove(); }

 private:
  Agg agg_;
};

}  // namespace millrace
