// User functions of stateful operators that throw, and process functions that misuse their context.
#include <stdexcept>

#include "tests/bad_input/bad_job.h"

using millrace::Collector;
using millrace::Duration;
using millrace::EventTime;
using millrace::StreamEnvironment;

namespace {

enum Where { kCreate, kAdd, kMerge, kSubtract, kResult };

/// A sum that throws.
template <Where kWhere>
struct WrongSum {
  using Accumulator = std::int64_t;
  static void FailIf(bool wrong) {
    if (wrong) throw std::runtime_error("no sevens");
  }
  Accumulator Create() const {
    FailIf(kWhere == kCreate);
    return 0;
  }
  void Add(Accumulator& acc, int n) const {
    FailIf(kWhere == kAdd && n == 7);
    acc += n;
  }
  void Merge(Accumulator& acc, Accumulator other) const {
    FailIf(kWhere == kMerge);
    acc += other;
  }
  Accumulator Result(const Accumulator& acc) const {
    FailIf(kWhere == kResult && acc >= 7);
    return acc;
  }
};
struct WrongSubtract : WrongSum<kSubtract> {
  void Subtract(Accumulator&, Accumulator) const { FailIf(true); }
};

template <class Agg>
void Running(StreamEnvironment& env) {
  Blackhole(Numbers(env).KeyBy([](int) { return 1; }).Aggregate("sums", Agg{}));
}
template <class Agg, class Windows>
void Windowed(StreamEnvironment& env, Windows windows) {
  Blackhole(
      TimedNumbers(env).KeyBy([](int) { return 1; }).Window(windows).Aggregate("sums", Agg{}));
}

void AddAggregates(Modes& modes) {
  modes["reduce"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).KeyBy([](int) { return 1; }).Reduce("folded", [](int a, int n) {
      WrongSum<kAdd>::FailIf(n == 7);
      return a + n;
    }));
  };
  modes["create"] = &Running<WrongSum<kCreate>>;
  modes["add"] = &Running<WrongSum<kAdd>>;
  modes["result"] = &Running<WrongSum<kResult>>;
  modes["window add"] = [](StreamEnvironment& env) {
    Windowed<WrongSum<kAdd>>(env, millrace::TumblingEventTime(Duration(5)));
  };
  modes["window result"] = [](StreamEnvironment& env) {
    Windowed<WrongSum<kResult>>(env, millrace::TumblingEventTime(Duration(5)));
  };
  modes["count window add"] = [](StreamEnvironment& env) {
    Windowed<WrongSum<kAdd>>(env, millrace::CountWindow(3));
  };
  modes["sliding merge"] = [](StreamEnvironment& env) {
    Windowed<WrongSum<kMerge>>(env, millrace::SlidingEventTime(Duration(4), Duration(2)));
  };
  modes["sliding subtract"] = [](StreamEnvironment& env) {
    Windowed<WrongSubtract>(env, millrace::SlidingEventTime(Duration(4), Duration(2)));
  };
  modes["session merge"] = [](StreamEnvironment& env) {
    auto strategy = millrace::WatermarkStrategy<int>::BoundedOutOfOrderness(Duration(100))
                        .WithTimestamp([](int n) { return n; }, millrace::Unit::kMilliseconds);
    Blackhole(env.FromCollection("numbers", std::vector<int>{1, 11, 6}, strategy)
                  .KeyBy([](int) { return 1; })
                  .Window(millrace::SessionEventTime(Duration(5)))
                  .Aggregate("sums", WrongSum<kMerge>{}));
  };
  modes["window function"] = [](StreamEnvironment& env) {
    Blackhole(TimedNumbers(env)
                  .KeyBy([](int n) { return n % 2; })
                  .Window(millrace::TumblingEventTime(Duration(5)))
                  .Aggregate("shaped", millrace::Count(),
                             [](const int& key, const millrace::Window& w, const std::int64_t& n,
                                Collector<std::int64_t>& out) {
                               WrongSum<kAdd>::FailIf(key == 1 && w.start.millis() == 5);
                               out.Emit(n);
                             }));
  };
  modes["process windows"] = [](StreamEnvironment& env) {
    Blackhole(TimedNumbers(env)
                  .KeyBy([](int) { return 1; })
                  .Window(millrace::TumblingEventTime(Duration(5)))
                  .Process("seen", [](const int&, const millrace::Window&,
                                      const std::vector<int>& all, Collector<int>& out) {
                    for (const int n : all) {
                      WrongSum<kAdd>::FailIf(n == 7);
                      out.Emit(n);
                    }
                  }));
  };
}

enum Misuse {
  kElement,
  kEventTimer,
  kProcessingTimer,
  kOpen,
  kClose,
  kReadInOpen,
  kReadInClose,
  kElementAndClose,
  kStateInOpen,
  kStateInClose,
  kTimerAtTheEnd,
  kTimerFarAway,
  kEmitInClose
};

template <Misuse kMisuse>
struct Wrong : millrace::KeyedProcessFunction<int, int, int> {
  millrace::ValueState<int> last{this, "last"};
  millrace::SideOutput<int> side{this, "side"};
  static void Fail() { throw std::runtime_error("no sevens"); }
  void Open(const millrace::FunctionContext&) {
    if (kMisuse == kOpen) Fail();
    if (kMisuse == kStateInOpen) last.Update(1);
    if (kMisuse == kReadInOpen && last.Get() == 1) Fail();
  }
  void ProcessElement(int n, Context& ctx, Collector<int>&) {
    last.Update(n);
    if ((kMisuse == kElement || kMisuse == kElementAndClose) && n == 7) Fail();
    if (kMisuse == kEventTimer) ctx.RegisterEventTimeTimer(ctx.Timestamp() + Duration(1));
    if (kMisuse == kProcessingTimer) ctx.RegisterProcessingTimeTimer(EventTime::Min());
    if (kMisuse == kTimerAtTheEnd) ctx.RegisterEventTimeTimer(EventTime::Max());
    if (kMisuse == kTimerFarAway) {
      ctx.RegisterProcessingTimeTimer(EventTime::Max());
      ctx.RegisterProcessingTimeTimer(EventTime::Max() - Duration(1));
      ctx.RegisterProcessingTimeTimer(EventTime::FromMillis(INT64_MAX - 1));
      ctx.RegisterEventTimeTimer(EventTime::FromMillis(INT64_MAX - 1));
    }
  }
  void OnTimer(EventTime, Context& ctx, Collector<int>& out) {
    if ((kMisuse == kEventTimer || kMisuse == kProcessingTimer) && ctx.Key() == 7) Fail();
    out.Emit(ctx.Key());
  }
  void Close() {
    if (kMisuse == kClose || kMisuse == kElementAndClose) Fail();
    if (kMisuse == kReadInClose && last.Get() == 1) Fail();
    if (kMisuse == kStateInClose) last.Update(1);
    if (kMisuse == kEmitInClose) side.Emit(1);
  }
};

struct NoOnTimer : millrace::KeyedProcessFunction<int, int, int> {
  void ProcessElement(int, Context& ctx, Collector<int>&) {
    ctx.RegisterEventTimeTimer(ctx.Timestamp());
  }
};

struct WrongPlain : millrace::ProcessFunction<int, int> {
  void ProcessElement(int n, Context&, Collector<int>& out) {
    if (n == 7) throw std::runtime_error("no sevens");
    out.Emit(n);
  }
};

/// Says on stdout that it was closed.
struct ClosingSink {
  struct Writer {
    void Write(int, EventTime) {}
    void Close() { std::puts("the sink is closed"); }
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {}; }
};

template <Misuse kMisuse>
void Process(StreamEnvironment& env) {
  TimedNumbers(env).KeyBy([](int n) { return n; }).Process("fn", Wrong<kMisuse>{}).Print();
}

}  // namespace

void AddOperatorErrors(Modes& modes) {
  AddAggregates(modes);
  modes["process element"] = &Process<kElement>;
  modes["event timer"] = &Process<kEventTimer>;
  modes["processing timer"] = [](StreamEnvironment& env) {
    Blackhole(env.FromSource("numbers", millrace::Generate([](std::int64_t i) {
                                          return static_cast<int>(i % 10);
                                        }).Rate(1000))
                  .KeyBy([](int n) { return n; })
                  .Process("fn", Wrong<kProcessingTimer>{}));
  };
  modes["open"] = &Process<kOpen>;
  modes["close"] = &Process<kClose>;
  modes["close after a failure"] = [](StreamEnvironment& env) {
    TimedNumbers(env)
        .KeyBy([](int n) { return n; })
        .Process("fn", Wrong<kElementAndClose>{})
        .SinkTo("out", ClosingSink{});
  };
  modes["emit in close"] = &Process<kEmitInClose>;
  modes["read in open"] = &Process<kReadInOpen>;
  modes["read in close"] = &Process<kReadInClose>;
  modes["state in open"] = &Process<kStateInOpen>;
  modes["state in close"] = &Process<kStateInClose>;
  modes["timer at the end of time"] = &Process<kTimerAtTheEnd>;
  modes["timer far away"] = &Process<kTimerFarAway>;
  modes["timer without OnTimer"] = [](StreamEnvironment& env) {
    Blackhole(TimedNumbers(env).KeyBy([](int n) { return n; }).Process("fn", NoOnTimer{}));
  };
  modes["timer without event time"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).KeyBy([](int n) { return n; }).Process("fn", Wrong<kEventTimer>{}));
  };
  modes["timer at the end without event time"] = [](StreamEnvironment& env) {
    Numbers(env).KeyBy([](int n) { return n; }).Process("fn", Wrong<kTimerAtTheEnd>{}).Print();
  };
  modes["plain process"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Process("fn", WrongPlain{}));
  };
}
