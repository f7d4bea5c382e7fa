#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "millrace/api/invalid_stream.h"
#include "millrace/api/key_selector.h"
#include "millrace/api/steps.h"
#include "millrace/operators/broadcast/broadcast_function.h"
#include "millrace/operators/chain/sink_tail.h"
#include "millrace/operators/collector.h"
#include "millrace/operators/process_function.h"
#include "millrace/operators/source/source_api.h"
#include "millrace/operators/window/window_types.h"

/// What the fluent API asks of the functions it is given, as bools for its static_asserts. As requires-expressions, not
/// std::is_invocable: an error inside a user's generic lambda then comes before anything else, without a page of
/// the type_traits header. Every refusal is a case in tests/compile_fail.
namespace millrace {

template <class T, class Pipe>
class DataStream;
template <class T>
class BroadcastStream;
template <class T, class K, class KeyFn, class Pipe>
class KeyedStream;

#define MILLRACE_NO_RECORD "the record (T) can't be serialized: MILLRACE_RECORD(T, fields...)"
#define MILLRACE_NO_MESSAGE "(T) is, or holds, a Protobuf message: include millrace/protobuf.h"

namespace internal {

/// A false that depends on a type: an assertion that fails only when its function is called.
template <class...>
inline constexpr bool kNever = false;

/// The first argument of an operator that was given no name.
template <class F>
concept NotAName = !std::is_convertible_v<F, std::string>;

/// False of a record without MILLRACE_RECORD. One with it that can't be serialized has been refused there.
template <class T>
inline constexpr bool kDescribed = kSerializable<T> || kIsRecord<T> || kFacts<T>.message;
/// False of a Protobuf message without millrace/protobuf.h, and of what holds one.
template <class T>
inline constexpr bool kMessagesKnown = kSerializable<T> || kIsRecord<T> || !kFacts<T>.message;

template <class R>
concept NotVoid = !std::is_void_v<R>;

template <class F, class T>
inline constexpr bool kMaps =
    requires(const F& f, T& t) { f(t); } || requires(const F& f, T& t) { f(std::move(t)); };

template <class F, class T>
inline constexpr bool kFilters = requires(const F& f, const T& t) {
  { f(t) } -> std::convertible_to<bool>;
};

/// A generic function is not called on trial: its mistakes would be told once for each kind of collector.
template <class F, class T, class R>
inline constexpr bool kFlatMaps = true;
template <HasCallOperator F, class T, class R>
inline constexpr bool kFlatMaps<F, T, R> = requires(const F& f, T& t, Collector<R>& out) {
  f(t, out);
} || requires(const F& f, T& t, Collector<R>& out) { f(std::move(t), out); };

template <class F, class T>
inline constexpr bool kReduces = requires(const F& f, const T& t) {
  { f(t, t) } -> std::convertible_to<T>;
};

/// A window function, for results or records of type V. As above.
template <class F, class K, class V, class R>
inline constexpr bool kShapesWindow = true;
template <HasCallOperator F, class K, class V, class R>
inline constexpr bool kShapesWindow<F, K, V, R> =
    requires(const F& f, const K& key, const Window& w, const V& v, Collector<R>& out) {
      f(key, w, v, out);
    };

template <class F, class T>
inline constexpr bool kPartitions =
    requires(const F& f, const T& t, int targets) { static_cast<std::int64_t>(f(t, targets)); };

template <class Sink, class T>
inline constexpr bool kWrites = requires(const Sink& s, const WriterContext& c, const T& t) {
  s.CreateWriter(c).Write(t, EventTime::Min());
};

template <class Fn, class T>
inline constexpr bool kProcesses =
    requires(Fn& f, const T& t, typename Fn::Context& c, Collector<typename Fn::Out>& out) {
      f.ProcessElement(t, c, out);
    };
template <class Fn, class T1, class T2>
inline constexpr bool kCoProcesses = requires(
    Fn& f, const T1& t1, const T2& t2, typename Fn::Context& c, Collector<typename Fn::Out>& out) {
  f.ProcessElement1(t1, c, out);
  f.ProcessElement2(t2, c, out);
};

template <class Fn, class B>
inline constexpr bool kProcessesBroadcast =
    requires(Fn& f, const B& b, typename Fn::BroadcastContext& c,
             Collector<typename Fn::Out>& out) { f.ProcessBroadcastElement(b, c, out); };

template <class Fn, class T>
inline constexpr bool kFunction =
    requires(const Fn& fn) { []<class Out>(const ProcessFunction<T, Out>&) {}(fn); };
template <class Fn, class K, class T>
inline constexpr bool kKeyedFunction =
    requires(const Fn& fn) { []<class Out>(const KeyedProcessFunction<K, T, Out>&) {}(fn); };
template <class Fn, class K, class T1, class T2>
inline constexpr bool kCoFunction =
    requires(const Fn& fn) { []<class Out>(const KeyedCoProcessFunction<K, T1, T2, Out>&) {}(fn); };

template <class Fn, class T, class B>
inline constexpr bool kBroadcastFunction =
    requires(const Fn& fn) { []<class Out>(const BroadcastProcessFunction<T, B, Out>&) {}(fn); };
template <class Fn, class K, class T, class B>
inline constexpr bool kKeyedBroadcastFunction = requires(const Fn& fn) {
  []<class Out>(const KeyedBroadcastProcessFunction<K, T, B, Out>&) {}(fn);
};

template <class Stream, class K>
inline constexpr bool kKeyedBy = false;
template <class T, class K, class KeyFn, class Pipe>
inline constexpr bool kKeyedBy<KeyedStream<T, K, KeyFn, Pipe>, K> = true;

/// Has no OnTimer, or one that can be called.
template <class Fn>
inline constexpr bool kFires = !requires {
  &Fn::OnTimer;
} || requires(Fn& f, typename Fn::Context& c, Collector<typename Fn::Out>& out) {
  f.OnTimer(EventTime::Min(), c, out);
};

/// Has what would be OnTimer elsewhere: it would never be called.
template <class Fn>
inline constexpr bool kOnTimerMisspelt =
    requires { &Fn::onTimer; } || requires { &Fn::on_timer; } || requires { &Fn::Ontimer; };

/// A key: members of T, or a function of const T&.
template <class T, class... Fs>
inline constexpr bool kSelectsKey = requires(const T& t, Fs... fs) { MakeKey(fs...)(t); };

template <class S, class T>
inline constexpr bool kStreamOf = false;
template <class T, class Pipe>
inline constexpr bool kStreamOf<DataStream<T, Pipe>, T> = true;
template <class T>
inline constexpr bool kStreamOf<BroadcastStream<T>, T> = true;

template <class Source>
inline constexpr bool kSource = requires(const Source& s) {
  typename Source::Record;
  typename Source::Split;
  s.CreateEnumerator(1);
};

/// Stands for the engine where a reader's Poll is only asked about.
struct AnyOutput {
  template <class... Args>
  void Emit(Args&&...);
  template <class S>
  void EmitSide(S&&);
  void CountSkipped();
};
template <class Reader>
inline constexpr bool kPolls = requires(Reader& r, AnyOutput& out) {
  { r.Poll(out, std::uint32_t{1}) } -> std::same_as<PollResult>;
};

/// Says which part of a source is missing.
template <class Source>
constexpr bool CheckSource() {
  constexpr bool ok = kSource<Source>;
  static_assert(ok,
                "millrace: FromSource: (Source) is no source: see operators/source/source_api.h");
  if constexpr (ok) {
    using Split = typename Source::Split;
    constexpr bool split = kSerializable<Split>;
    static_assert(split,
                  "millrace: FromSource: Source::Split can't be serialized: MILLRACE_RECORD it");
    constexpr bool opens =
        requires(const Source& s, const Split& x, const ReaderContext& c) { s.OpenSplit(x, c); };
    static_assert(
        opens, "millrace: FromSource: Source needs OpenSplit(const Split&, const ReaderContext&)");
    if constexpr (opens) {
      using Reader = decltype(std::declval<const Source&>().OpenSplit(
          std::declval<const Split&>(), std::declval<const ReaderContext&>()));
      constexpr bool polls = kPolls<Reader>;
      static_assert(polls, "millrace: FromSource: Reader needs PollResult Poll(Out&, uint32_t)");
      return split && polls;
    }
  }
  return false;
}

template <class Strategy, class T>
inline constexpr bool kStrategyFor = false;
template <class Strategy, class T>
  requires std::is_same_v<typename Strategy::Record, T>
inline constexpr bool kStrategyFor<Strategy, T> = requires { Strategy::Generator::kTimed; };
/// The same, and it makes watermarks.
template <class Strategy, class T>
inline constexpr bool kAssigns = false;
template <class Strategy, class T>
  requires kStrategyFor<Strategy, T>
inline constexpr bool kAssigns<Strategy, T> = Strategy::Generator::kTimed;

/// The key's type in a message of its own: it is no parameter of KeyBy.
template <class K, class T>
constexpr bool CheckKey() {
  constexpr bool ok = kIsKey<K>;
  constexpr bool foreign = kFacts<K>.custom || kFacts<K>.message;
  static_assert(
      !foreign,
      "millrace: KeyBy: the key (K) is a Protobuf message or foreign type: key by its fields");
  static_assert(
      ok || foreign,
      "millrace: KeyBy: the key (K) must be a scalar, string, pair, tuple or record of them");
  return ok;
}

/// Says which part of an aggregator is missing or has the wrong types.
template <class Agg, class T>
constexpr bool CheckAggregator() {
  constexpr bool create = requires(const Agg& a) {
    { a.Create() } -> std::convertible_to<typename Agg::Accumulator>;
  };
  static_assert(create,
                "millrace: Aggregate: Agg needs a type Accumulator and Accumulator Create() const");
  if constexpr (create) {
    using A = typename Agg::Accumulator;
    constexpr bool add = requires(const Agg& a, A& x, const T& t) { a.Add(x, t); };
    static_assert(add, "millrace: Aggregate: Agg needs void Add(Accumulator&, const T&) const");
    constexpr bool merge = requires(const Agg& a, A& x, const A& y) { a.Merge(x, y); };
    static_assert(
        merge, "millrace: Aggregate: Agg needs void Merge(Accumulator&, const Accumulator&) const");
    constexpr bool result = requires(const Agg& a, const A& x) {
      { a.Result(x) } -> NotVoid;
    };
    static_assert(result, "millrace: Aggregate: Agg needs R Result(const Accumulator&) const");
    constexpr bool record = kSerializable<A>;
    static_assert(
        kMessagesKnown<A>,
        "millrace: Aggregate: Agg::Accumulator is a Protobuf message: include millrace/protobuf.h");
    static_assert(record || !kMessagesKnown<A>,
                  "millrace: Aggregate: Agg::Accumulator can't be serialized: MILLRACE_RECORD it");
    return add && merge && result && record;
  } else {
    return false;
  }
}

/// True of a generic function that takes these arguments but whose own body does not compile. The compiler has just
/// said so; an assertion would only repeat it.
template <class F, class... Args>
inline constexpr bool kBodyFails = !requires(F& f) { f(std::declval<Args>()...); } && requires {
  &F::template operator()<std::remove_cvref_t<Args>...>;
};

/// What the API returns in the place of a stream. A function whose body fails is called once more, so that it is an
/// error with every compiler.
template <class F, class... Args>
InvalidStream Refuse() {
  if constexpr (kBodyFails<F, Args...>) {
    using Result = decltype(std::declval<const F&>()(std::declval<Args>()...));
    static_assert(sizeof(Result*) > 0);
  }
  return {};
}

}  // namespace internal
}  // namespace millrace
