#pragma once

#include <utility>

#include "millrace/operators/process_function.h"
#include "millrace/state/broadcast_state.h"

namespace millrace {

/// What ProcessBroadcastElement is given beside the record: the times, and broadcast state to be written.
class BroadcastContext {
 public:
  explicit BroadcastContext(const ProcessContext* at) : at_(at) {}

  /// The event time of the record; EventTime::Min() without event time.
  EventTime Timestamp() const { return at_->Timestamp(); }
  EventTime CurrentWatermark() const { return at_->CurrentWatermark(); }
  EventTime CurrentProcessingTime() const { return at_->CurrentProcessingTime(); }
  /// A state of the function, for a change: `ctx.Write(rules).Put(key, value)`.
  template <class MK, class MV>
  BroadcastStateWriter<MK, MV> Write(BroadcastState<MK, MV>& state) {
    return BroadcastStateWriter<MK, MV>(&state);
  }

 private:
  const ProcessContext* at_;
};

/// The same beside a keyed stream: with a way to the keys' states.
template <class K>
class KeyedBroadcastContext : public BroadcastContext {
 public:
  using Visit = void (*)(void* fn, const K& key);
  /// Calls a visit of `fn` for each key, with the key at hand.
  using Walk = void (*)(void* op, void* fn, Visit visit);
  KeyedBroadcastContext(const ProcessContext* at, void* op, Walk walk)
      : BroadcastContext(at), op_(op), walk_(walk) {}

  /// Calls `fn(const K& key)` for every key of this subtask that has state or a timer, in no order; in it the function's keyed
  /// states are those of the key. All at once: with many keys that takes its time. (Flink: applyToKeyedState)
  ///
  ///   ctx.ForEachKey([&](const std::string& customer) { if (limit < spent.Get()) out.Emit(customer); });
  template <class F>
  void ForEachKey(F fn) {
    walk_(op_, &fn, [](void* f, const K& key) { (*static_cast<F*>(f))(key); });
  }

 private:
  void* op_;
  Walk walk_;
};

/// Base of functions on a stream and a broadcast one:
///   void ProcessElement(const In&, Context&, Collector<Out>&)                           reads broadcast state
///   void ProcessBroadcastElement(const Broadcast&, BroadcastContext&, Collector<Out>&)    writes it
/// with `BroadcastState` members. Records of the two inputs come in no particular order. (Flink: BroadcastProcessFunction)
template <class InRecord, class BroadcastRecord, class OutRecord>
struct BroadcastProcessFunction : OperatorStateOwner, SideOutputOwner {
  using In = InRecord;
  using Broadcast = BroadcastRecord;
  using Out = OutRecord;
  using Context = ProcessContext;
  using BroadcastContext = millrace::BroadcastContext;
};

/// Base of functions on a keyed stream and a broadcast one: as above, with keyed states and OnTimer as in a
/// KeyedProcessFunction. A record of the broadcast stream has no key: it sees keyed state by `ctx.ForEachKey`, and
/// registers no timers. (Flink: KeyedBroadcastProcessFunction)
///
///   struct Alerts : KeyedBroadcastProcessFunction<std::string, Order, Rule, Alert> {
///     BroadcastState<std::string, Rule> rules{this, "rules"};
///     ValueState<double> spent{this, "spent"};
///     void ProcessElement(const Order& o, Context&, Collector<Alert>& out) {
///       const Rule* rule = rules.Get(o.item);
///       if (rule != nullptr && (spent.Mutable() += o.amount) > rule->limit) out.Emit({o.customer, o.item});
///     }
///     void ProcessBroadcastElement(const Rule& r, BroadcastContext& ctx, Collector<Alert>&) {
///       ctx.Write(rules).Put(r.item, r);
///     }
///   };
template <class KeyType, class InRecord, class BroadcastRecord, class OutRecord>
struct KeyedBroadcastProcessFunction : StateOwner, OperatorStateOwner, SideOutputOwner {
  using Key = KeyType;
  using In = InRecord;
  using Broadcast = BroadcastRecord;
  using Out = OutRecord;
  using Context = KeyedContext<KeyType>;
  using BroadcastContext = KeyedBroadcastContext<KeyType>;
};

}  // namespace millrace
