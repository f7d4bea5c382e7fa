// Mistakes that are found before anything runs.
#include <limits>

#include "tests/bad_input/bad_job.h"

using millrace::Duration;
using millrace::StreamEnvironment;

namespace {

template <class Windows>
void Count(StreamEnvironment& env, Windows windows) {
  Blackhole(TimedNumbers(env)
                .KeyBy([](int n) { return n; })
                .Window(windows)
                .Aggregate("counts", millrace::Count()));
}

void Late(StreamEnvironment& env, Duration lateness) {
  Blackhole(TimedNumbers(env)
                .KeyBy([](int n) { return n; })
                .Window(millrace::TumblingEventTime(Duration(5)))
                .AllowedLateness(lateness)
                .Aggregate("counts", millrace::Count()));
}

template <class Source>
void From(StreamEnvironment& env, Source source) {
  Blackhole(env.FromSource("made", std::move(source)));
}

auto Endless() {
  return millrace::Generate([](std::int64_t i) { return i; });
}

struct PassOn : millrace::ProcessFunction<int, int> {
  void ProcessElement(int n, Context&, millrace::Collector<int>& out) { out.Emit(n); }
};

struct TwoStates : millrace::KeyedProcessFunction<int, int, int> {
  millrace::ValueState<int> first{this, "sum"};
  millrace::ValueState<int> second{this, "sum"};
  void ProcessElement(int, Context&, millrace::Collector<int>&) {}
};

struct ShortLived : millrace::KeyedProcessFunction<int, int, int> {
  explicit ShortLived(const millrace::Ttl& ttl) : last(this, "last", ttl) {}
  millrace::ValueState<int, millrace::Ttl> last;
  void ProcessElement(int, Context&, millrace::Collector<int>&) {}
};

template <class Stream>
void Live(Stream stream, const millrace::Ttl& ttl) {
  Blackhole(std::move(stream).KeyBy([](int n) { return n; }).Process("brief", ShortLived(ttl)));
}

void AddTimesToLive(Modes& modes) {
  using millrace::Ttl;
  modes["no time to live"] = [](StreamEnvironment& env) { Live(Numbers(env), Ttl(Duration(0))); };
  modes["a negative time to live"] = [](StreamEnvironment& env) {
    Live(Numbers(env), Ttl(Duration(-5)));
  };
  modes["a time to live in event time without it"] = [](StreamEnvironment& env) {
    Live(Numbers(env), Ttl(Duration(5)).InEventTime());
  };
  modes["a time to live in event time"] = [](StreamEnvironment& env) {
    Live(TimedNumbers(env), Ttl(Duration(5)).InEventTime());
  };
}

void AddNames(Modes& modes) {
  modes["fine"] = [](StreamEnvironment& env) { Numbers(env).Print(); };
  modes["two operators of one name"] = [](StreamEnvironment& env) {
    Numbers(env).KeyBy([](int n) { return n; }).Aggregate("numbers", millrace::Count()).Print();
  };
  modes["a source and a sink of one name"] = [](StreamEnvironment& env) {
    Numbers(env).Print("numbers");
  };
  modes["an empty name"] = [](StreamEnvironment& env) {
    env.FromCollection("", OneToTen()).Print();
  };
  modes["a name that is not UTF-8"] = [](StreamEnvironment& env) {
    env.FromCollection("caf\xe9", OneToTen()).Print();
  };
  modes["two states of one name"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).KeyBy([](int n) { return n; }).Process("twice", TwoStates{}));
  };
  modes["an unknown side output"] = [](StreamEnvironment& env) {
    auto numbers = Numbers(env);
    numbers.SideOutput(millrace::OutputTag<int>{"rejected"}).Print();
  };
  modes["another side output"] = [](StreamEnvironment& env) {
    auto counts = TimedNumbers(env)
                      .KeyBy([](int n) { return n; })
                      .Window(millrace::TumblingEventTime(Duration(5)))
                      .SideOutputLate(millrace::OutputTag<int>{"late"})
                      .Aggregate("counts", millrace::Count());
    counts.SideOutput(millrace::OutputTag<int>{"lat"}).Print();
  };
  modes["a second job"] = [](StreamEnvironment& env) {
    Numbers(env).SinkTo("first", millrace::BlackholeSink{});
    (void)env.Run("first job");
    env.FromCollection("others", OneToTen()).SinkTo("second", millrace::BlackholeSink{});
  };
  modes["two sinks of one folder"] = [](StreamEnvironment& env) {
    auto numbers = Numbers(env);
    numbers.SinkTo("all", millrace::JsonFileSink("out/numbers"));
    numbers.Filter([](int n) { return n > 5; })
        .SinkTo("some", millrace::JsonFileSink("out/./numbers"));
  };
  modes["nothing to do"] = [](StreamEnvironment&) {};
  modes["no sink"] = [](StreamEnvironment& env) {
    (void)Numbers(env).Map([](int n) { return n; });
  };
  modes["a stream nobody consumes"] = [](StreamEnvironment& env) {
    auto numbers = Numbers(env);
    auto doubled = numbers.Map([](int n) { return 2 * n; });
    auto spread = doubled.Map([](int n) { return n; }).Rebalance();
    auto tripled =
        numbers.Map([](int n) { return 3 * n; }).Filter([](int n) { return n % 2 == 1; });
    auto others = env.FromCollection("others", OneToTen());
    numbers.Print();
  };
  modes["only the side is consumed"] = [](StreamEnvironment& env) {
    auto counts = TimedNumbers(env)
                      .KeyBy([](int n) { return n; })
                      .Window(millrace::TumblingEventTime(Duration(5)))
                      .SideOutputLate(millrace::OutputTag<int>{"late"})
                      .Aggregate("counts", millrace::Count());
    counts.SideOutput(millrace::OutputTag<int>{"late"}).Print();
  };
}

void AddParallelism(Modes& modes) {
  modes["parallelism 0"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env)
                  .KeyBy([](int n) { return n; })
                  .Aggregate("counts", millrace::Count())
                  .Parallelism(0));
  };
  modes["parallelism 4097"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Parallelism(4097));
  };
  modes["parallelism -1 of the job"] = [](StreamEnvironment& env) {
    env.SetParallelism(-1);
    Numbers(env).Print();
  };
  modes["a stream moved after its use"] = [](StreamEnvironment& env) {
    auto positive = Numbers(env).Filter([](int n) { return n > 0; });
    Blackhole(positive.Map([](int n) { return n; }));
    std::move(positive).Print();
  };
  modes["two parallelisms in one chain"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Parallelism(1).Map([](int n) { return n; }).Parallelism(4));
  };
  modes["forward to another parallelism"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Parallelism(1).Forward().Map([](int n) { return n; }).Parallelism(2));
  };
  modes["forward to a function of another parallelism"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Parallelism(1).Forward().Process("pass on", PassOn{}).Parallelism(2));
  };
  modes["a wrong option in the program"] = [](StreamEnvironment& env) {
    env.SetOption("batch.row", "5");
    Numbers(env).Print();
  };
  modes["keyed"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).KeyBy([](int n) { return n; }).Aggregate("counts", millrace::Count()));
  };
}

void AddWindows(Modes& modes) {
  modes["size 0"] = [](StreamEnvironment& env) {
    Count(env, millrace::TumblingEventTime(Duration(0)));
  };
  modes["size -5"] = [](StreamEnvironment& env) {
    Count(env, millrace::TumblingEventTime(Duration(-5)));
  };
  modes["size for ever"] = [](StreamEnvironment& env) {
    Count(env, millrace::TumblingEventTime(Duration::max()));
  };
  modes["slide -1"] = [](StreamEnvironment& env) {
    Count(env, millrace::SlidingEventTime(Duration(5), Duration(-1)));
  };
  modes["slide 0"] = [](StreamEnvironment& env) {
    Count(env, millrace::SlidingProcessingTime(Duration(5), Duration(0)));
  };
  modes["offset far away"] = [](StreamEnvironment& env) {
    Count(env, millrace::TumblingEventTime(Duration(5), Duration::min()));
  };
  modes["gap 0"] = [](StreamEnvironment& env) {
    Count(env, millrace::SessionEventTime(Duration(0)));
  };
  modes["gap for ever"] = [](StreamEnvironment& env) {
    Count(env, millrace::SessionEventTime(Duration::max()));
  };
  modes["count 0"] = [](StreamEnvironment& env) { Count(env, millrace::CountWindow(0)); };
  modes["lateness -1"] = [](StreamEnvironment& env) { Late(env, Duration(-1)); };
  modes["lateness for ever"] = [](StreamEnvironment& env) { Late(env, Duration::max()); };
  modes["windows without event time"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env)
                  .KeyBy([](int n) { return n; })
                  .Window(millrace::TumblingEventTime(Duration(5)))
                  .Aggregate("counts", millrace::Count()));
  };
  modes["top 0"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection("readings", std::vector<Reading>{{"a", 1, 2}})
                  .KeyBy(&Reading::id)
                  .Aggregate("best", millrace::TopK<Reading, double>(0, &Reading::value)));
  };
}

void AddSources(Modes& modes) {
  modes["out-of-orderness -1"] = [](StreamEnvironment& env) {
    Blackhole(
        env.FromCollection("numbers", OneToTen(),
                           millrace::WatermarkStrategy<int>::BoundedOutOfOrderness(Duration(-1))));
  };
  modes["idleness 0"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection(
        "numbers", OneToTen(),
        millrace::WatermarkStrategy<int>::Monotonous().WithIdleness(Duration(0))));
  };
  modes["rate 0"] = [](StreamEnvironment& env) { From(env, Endless().Rate(0)); };
  modes["rate -5"] = [](StreamEnvironment& env) { From(env, Endless().Rate(-5)); };
  modes["rate nan"] = [](StreamEnvironment& env) {
    From(env, Endless().Rate(std::numeric_limits<double>::quiet_NaN()));
  };
  modes["records -1"] = [](StreamEnvironment& env) { From(env, Endless().Count(-1)); };
  modes["splits 0"] = [](StreamEnvironment& env) { From(env, Endless().Count(5).Splits(0)); };
  modes["sensors every 0 ms"] = [](StreamEnvironment& env) {
    From(env, millrace::HostSensors(Duration(0)));
  };
  modes["no paths"] = [](StreamEnvironment& env) {
    From(env, millrace::TextLines(std::vector<std::string>{}));
  };
  modes["delimiter is quote"] = [](StreamEnvironment& env) {
    From(env, millrace::CsvFiles<Reading>("x.csv", {.delimiter = '"'}));
  };
}

}  // namespace

void AddPlanErrors(Modes& modes) {
  AddTimesToLive(modes);
  AddNames(modes);
  AddParallelism(modes);
  AddWindows(modes);
  AddSources(modes);
}
