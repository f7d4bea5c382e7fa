#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/operators/chain/side_port.h"
#include "millrace/operators/timer_service.h"
#include "millrace/state/collection_state.h"
#include "millrace/state/expiring_list.h"
#include "millrace/state/expiring_map.h"
#include "millrace/state/keyed_state.h"
#include "millrace/state/operator_state.h"
#include "millrace/state/value_state.h"

namespace millrace {

/// Knows a function's side outputs by name, without running anything.
class SideOutputOwner {
 public:
  struct Entry {
    std::ptrdiff_t at = 0;  // of the member, from this base
    std::string name;
    std::string schema;
    const BatchType* type = nullptr;
    std::unique_ptr<internal::SidePort> (*make)() = nullptr;
    void (*bind)(void* member, internal::SidePort* port, const EventTime* now) = nullptr;
  };
  void RegisterOutput(void* member, Entry entry);
  const std::vector<Entry>& side_outputs() const { return outputs_; }
  /// The record type of an operator's output, from 1; null when there is no such side output.
  const BatchType* TypeOfOutput(int output) const;
  void* output_member(const Entry& entry) { return reinterpret_cast<std::byte*>(this) + entry.at; }

 private:
  std::vector<Entry> outputs_;
};

namespace internal {

/// The ports of a function's side outputs in one subtask, bound. `now`: the time of the record at hand.
std::vector<std::unique_ptr<SidePort>> OpenSidePorts(OperatorContext& context,
                                                     SideOutputOwner& owner, const EventTime* now);

}  // namespace internal

/// A further output of a process function, a member of it:
///   SideOutput<Reading> rejected{this, "rejected"};   ...   rejected.Emit(reading);
/// read with `stream.SideOutput(OutputTag<Reading>{"rejected"})`. (Flink: ctx.output with an OutputTag)
template <class S>
class SideOutput {
 public:
  template <class Owner>
  explicit SideOutput(Owner*) {
    constexpr bool named = !std::is_same_v<Owner, Owner>;
    static_assert(named, "millrace: a side output needs a name: {this, \"name\"}");
  }
  SideOutput(SideOutputOwner* owner, std::string name) {
    owner->RegisterOutput(
        this, {0, std::move(name), internal::StateSchema<S>(), &BatchTypeOf<S>(),
               [] { return std::unique_ptr<internal::SidePort>(new internal::TypedSidePort<S>()); },
               [](void* member, internal::SidePort* port, const EventTime* now) {
                 auto* self = static_cast<SideOutput*>(member);
                 self->port_ = static_cast<internal::TypedSidePort<S>*>(port);
                 self->now_ = now;
               }});
  }
  /// Emits with the event time of the record or timer at hand. Only in ProcessElement and OnTimer.
  template <class U = S>
  void Emit(const U& record) {
    EmitAt(record, *now_);
  }
  /// Emits with another event time.
  template <class U = S>
  void EmitAt(const U& record, EventTime time) {
    constexpr bool ok = std::is_convertible_v<const U&, S>;
    static_assert(ok, "millrace: SideOutput: the record (U) is not of the output's type (S)");
    if constexpr (std::is_same_v<U, S>) {
      port_->Push(record, time);
    } else if constexpr (ok) {
      const S converted = record;
      port_->Push(converted, time);
    }
  }

 private:
  internal::TypedSidePort<S>* port_ = nullptr;
  const EventTime* now_ = nullptr;
};

/// Where a function runs; given to its optional `void Open(const FunctionContext&)`.
struct FunctionContext {
  std::string name;  // of the operator
  int subtask = 0;
  int parallelism = 1;
};

/// What ProcessElement is given beside the record. Times are those of the record at hand.
class ProcessContext {
 public:
  /// The event time of the record, or the due time of an event-time timer; EventTime::Min() without event time.
  EventTime Timestamp() const { return now_; }
  /// The watermark that has been reached; EventTime::Min() before the first. (Flink: TimerService.currentWatermark)
  EventTime CurrentWatermark() const { return watermark_; }
  /// The wall clock, in milliseconds since the epoch.
  EventTime CurrentProcessingTime() const { return EventTime::FromMillis(clock_->WallMillis()); }

  /// Timers belong to keys: KeyedContext has them.
  template <class Time>
  void RegisterEventTimeTimer(Time) {
    RefuseTimer<Time>();
  }
  template <class Time>
  void RegisterProcessingTimeTimer(Time) {
    RefuseTimer<Time>();
  }
  /// Broadcast state is written where all subtasks do the same: by the context of ProcessBroadcastElement.
  template <class State>
  void Write(State&) {
    constexpr bool broadcast = !std::is_same_v<State, State>;
    static_assert(broadcast,
                  "millrace: broadcast state (State) is written in ProcessBroadcastElement only");
  }

 protected:
  template <class Time>
  static void RefuseTimer() {
    constexpr bool keyed = !std::is_same_v<Time, Time>;
    static_assert(keyed, "millrace: timers need a key: KeyBy, then a KeyedProcessFunction");
  }
  template <class, class, class>
  friend class ProcessOperatorBase;
  EventTime now_ = EventTime::Min();
  EventTime watermark_ = EventTime::Min();
  const Clock* clock_ = nullptr;
};

/// The same for keyed functions: with the key and its timers. A timer is known by its key, its domain and its time:
/// registering one again changes nothing. One that is already due fires when time advances next.
template <class K>
class KeyedContext : public ProcessContext {
 public:
  /// The key of the record or timer at hand; valid during the call.
  const K& Key() const { return *key_; }
  /// OnTimer is called when the watermark reaches `time`. (Flink: TimerService.registerEventTimeTimer)
  void RegisterEventTimeTimer(EventTime time) { event_timers_.Register(time.millis(), *state_); }
  /// Forgets a timer; nothing happens when there is none of this time.
  void DeleteEventTimeTimer(EventTime time) { event_timers_.Delete(time.millis(), *state_); }
  /// OnTimer is called when the machine's clock reaches `time`: `CurrentProcessingTime() + 10s`. Those that are not due at the
  /// end of the input do not fire. (Flink: ProcessingTimeService.quiesce)
  void RegisterProcessingTimeTimer(EventTime time) {
    processing_timers_.Register(time.millis(), *state_);
  }
  /// Forgets a processing-time timer.
  void DeleteProcessingTimeTimer(EventTime time) {
    processing_timers_.Delete(time.millis(), *state_);
  }
  /// In OnTimer: which clock the timer followed.
  millrace::TimeDomain TimeDomain() const { return domain_; }

 private:
  template <class, class, class>
  friend class KeyedProcessBase;
  const K* key_ = nullptr;
  KeyContext* state_ = nullptr;
  TimerService event_timers_;
  TimerService processing_timers_;
  millrace::TimeDomain domain_ = millrace::TimeDomain::kEventTime;
};

/// Base of functions without a key: `void ProcessElement(const In&, Context&, Collector<Out>&)`, side outputs and
/// `OperatorListState`s as members. (Flink: ProcessFunction)
template <class InRecord, class OutRecord>
struct ProcessFunction : OperatorStateOwner, SideOutputOwner {
  using In = InRecord;
  using Out = OutRecord;
  using Context = ProcessContext;
};

/// Base of functions on a keyed stream. The author's class has
///   void ProcessElement(const In& record, Context& ctx, Collector<Out>& out)
///   void OnTimer(EventTime time, Context& ctx, Collector<Out>& out)            if it registers timers
///   void Open(const FunctionContext&), void Close()                            optional
/// and states and side outputs as named members. Each subtask works on its own copy; the functions of one key are
/// never called at the same time. (Flink: KeyedProcessFunction)
///
///   struct Pause : KeyedProcessFunction<std::string, Click, std::string> {
///     ValueState<EventTime> last{this, "last"};
///     void ProcessElement(const Click& c, Context& ctx, Collector<std::string>& out) {
///       const EventTime due = last.Get() + Duration(60000);
///       if (last.Has() && c.time >= due) out.Emit(ctx.Key());  // this record came before the timer
///       if (last.Has()) ctx.DeleteEventTimeTimer(due);
///       last.Update(c.time);
///       ctx.RegisterEventTimeTimer(c.time + Duration(60000));
///     }
///     void OnTimer(EventTime, Context& ctx, Collector<std::string>& out) {
///       out.Emit(ctx.Key());
///       last.Clear();
///     }
///   };
template <class KeyType, class InRecord, class OutRecord>
struct KeyedProcessFunction : StateOwner, OperatorStateOwner, SideOutputOwner {
  using Key = KeyType;
  using In = InRecord;
  using Out = OutRecord;
  using Context = KeyedContext<KeyType>;
};

/// Base of functions on two keyed streams with the same key type: `ProcessElement1(const In1&, Context&,
/// Collector<Out>&)`, `ProcessElement2(const In2&, ...)`, OnTimer. Both see the same state. Records of the two
/// inputs come in no particular order. (Flink: KeyedCoProcessFunction)
template <class KeyType, class Record1, class Record2, class OutRecord>
struct KeyedCoProcessFunction : StateOwner, OperatorStateOwner, SideOutputOwner {
  using Key = KeyType;
  using In1 = Record1;
  using In2 = Record2;
  using Out = OutRecord;
  using Context = KeyedContext<KeyType>;
};

}  // namespace millrace
