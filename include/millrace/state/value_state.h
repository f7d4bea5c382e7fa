#pragma once

#include <string>
#include <utility>

#include "millrace/state/expiring_value.h"
#include "millrace/state/keyed_state.h"

namespace millrace {

/// One value per key. (Flink: ValueState)
///
///   struct Dedupe : KeyedProcessFunction<std::string, Order, Order> {
///     ValueState<bool> seen{this, "seen"};
///     ...
///   };
///
/// `ValueState<bool, Ttl> seen{this, "seen", Ttl(1h)}` has a time to live (millrace/state/ttl.h).
template <class T, class Life = Forever>
class ValueState : public internal::ValueShape<T, Life>::Member {
  using Shape = internal::ValueShape<T, Life>;

 public:
  using Shape::Member::Member;
  ValueState(StateOwner* owner, std::string name) {
    internal::NeedForever<Life>();
    owner->RegisterState(this, std::move(name), "value", internal::StateSchema<T>(),
                         ColumnOpsOf<typename Shape::Column>());
  }
  ValueState(StateOwner* owner, std::string name, const Ttl& ttl) {
    internal::NeedTtl<Life>();
    if constexpr (std::is_same_v<Life, Ttl>) {
      this->SetTtl(ttl);
      owner->RegisterState(this, std::move(name), "value", internal::StateSchema<T>(),
                           ColumnOpsOf<typename Shape::Column>(), this->Ops(ttl));
    }
  }

  /// True when the key has a value.
  bool Has() const { return this->Present(); }
  /// The key's value, or T{} when it has none. Valid until the next change.
  const T& Get() const { return this->Present() ? StoredGet<T>(this->ReadAt()) : Default(); }
  /// The key's value to be changed in place; begins as T{}. Valid until user code returns.
  T& Mutable() {
    bool fresh = false;
    std::byte* at = this->WritableAt(&fresh);
    T& value = StoredMutable<T>(at);
    if (fresh) value = T{};
    if constexpr (kHasStringView<T>) this->context_->OwnLater(&internal::OwnStored<T>, at);
    return value;
  }
  /// Sets the key's value; a millrace::String in it is copied into the state.
  void Update(const T& value) {
    bool fresh = false;
    std::byte* at = this->WritableAt(&fresh);
    const std::size_t before = fresh ? 0 : DynamicBytes(StoredGet<T>(at));
    StoredSet<T>(at, value);
    this->Grow(DynamicBytes(value), before);
  }
  /// Takes the value away; a key without values and timers takes no memory.
  void Clear() {
    if constexpr (kHasHeap<T> || kHasStringView<T>) {
      if (this->Held()) this->Grow(0, DynamicBytes(StoredGet<T>(this->At())));
    }
    if (this->Remove()) this->template GiveBack<T>();
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
template <class T, class Life = Forever>
class ReducingState : public internal::ValueShape<T, Life>::Member {
  using Shape = internal::ValueShape<T, Life>;

 public:
  using Shape::Member::Member;
  using Function = T (*)(const T&, const T&);
  ReducingState(StateOwner* owner, std::string name, Function fn) : fn_(fn) {
    internal::NeedForever<Life>();
    owner->RegisterState(this, std::move(name), "reducing", internal::StateSchema<T>(),
                         ColumnOpsOf<typename Shape::Column>());
  }
  ReducingState(StateOwner* owner, std::string name, Function fn, const Ttl& ttl) : fn_(fn) {
    internal::NeedTtl<Life>();
    if constexpr (std::is_same_v<Life, Ttl>) {
      this->SetTtl(ttl);
      owner->RegisterState(this, std::move(name), "reducing", internal::StateSchema<T>(),
                           ColumnOpsOf<typename Shape::Column>(), this->Ops(ttl));
    }
  }

  bool Has() const { return this->Present(); }
  /// Null when nothing was added.
  const T* Get() const { return this->Present() ? &StoredGet<T>(this->ReadAt()) : nullptr; }
  /// Folds a value in; the first one is kept as it is.
  void Add(const T& value) {
    bool fresh = false;
    std::byte* at = this->WritableAt(&fresh);
    const std::size_t before = fresh ? 0 : DynamicBytes(StoredGet<T>(at));
    if (fresh) {
      StoredSet<T>(at, value);
    } else {
      StoredSet<T>(at, fn_(StoredGet<T>(at), value));
    }
    this->Grow(DynamicBytes(StoredGet<T>(at)), before);
  }
  void Clear() {
    if constexpr (kHasHeap<T> || kHasStringView<T>) {
      if (this->Held()) this->Grow(0, DynamicBytes(StoredGet<T>(this->At())));
    }
    if (this->Remove()) this->template GiveBack<T>();
  }

 private:
  Function fn_;
};

/// The key's values in an aggregator's accumulator (millrace/operators/aggregators.h). (Flink: AggregatingState)
///
///   AggregatingState<Average<Order, double>> mean{this, "mean", Average(&Order::amount)};
template <class Agg, class Life = Forever>
class AggregatingState : public internal::ValueShape<typename Agg::Accumulator, Life>::Member {
  using Shape = internal::ValueShape<typename Agg::Accumulator, Life>;

 public:
  using Shape::Member::Member;
  using Accumulator = typename Agg::Accumulator;
  AggregatingState(StateOwner* owner, std::string name, Agg agg = Agg{}) : agg_(std::move(agg)) {
    internal::NeedForever<Life>();
    owner->RegisterState(this, std::move(name), "aggregating", internal::StateSchema<Accumulator>(),
                         ColumnOpsOf<typename Shape::Column>());
  }
  AggregatingState(StateOwner* owner, std::string name, Agg agg, const Ttl& ttl)
      : agg_(std::move(agg)) {
    internal::NeedTtl<Life>();
    if constexpr (std::is_same_v<Life, Ttl>) {
      this->SetTtl(ttl);
      owner->RegisterState(this, std::move(name), "aggregating",
                           internal::StateSchema<Accumulator>(),
                           ColumnOpsOf<typename Shape::Column>(), this->Ops(ttl));
    }
  }

  bool Has() const { return this->Present(); }
  /// Takes a record of the aggregator in.
  template <class T>
  void Add(const T& value) {
    bool fresh = false;
    std::byte* at = this->WritableAt(&fresh);
    Accumulator& acc = StoredMutable<Accumulator>(at);
    if (fresh) acc = agg_.Create();
    agg_.Add(acc, value);
    StoredOwn<Accumulator>(at);
  }
  /// The result so far; of an empty accumulator when nothing was added.
  auto Get() const {
    if (this->Present()) return agg_.Result(StoredGet<Accumulator>(this->ReadAt()));
    return agg_.Result(agg_.Create());
  }
  void Clear() {
    if (this->Remove()) this->template GiveBack<Accumulator>();
  }

 private:
  Agg agg_;
};

}  // namespace millrace
