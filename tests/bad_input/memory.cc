// State and records that outgrow `-D memory`; and jobs that must not.
#include "tests/bad_input/bad_job.h"

using millrace::Collector;
using millrace::Duration;
using millrace::EventTime;
using millrace::StreamEnvironment;

namespace {

constexpr std::int64_t kForEver = 2000000000;  // more than the test waits for

/// From one split: sources that drift apart would keep windows open, and need memory for them.
auto Endless(StreamEnvironment& env, std::int64_t count = kForEver) {
  return env.FromSource("numbers",
                        millrace::Generate([](std::int64_t i) { return i; }).Count(count).Splits(1),
                        millrace::WatermarkStrategy<std::int64_t>::Monotonous().WithTimestamp(
                            [](std::int64_t i) { return i; }, millrace::Unit::kMilliseconds));
}

enum Kind { kValue, kList, kMap, kSortedMap, kMutable, kTimers, kInOneCall };

template <Kind kKind>
struct Keep : millrace::KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  millrace::ValueState<std::string> value{this, "value"};
  millrace::ListState<std::int64_t> list{this, "list"};
  millrace::MapState<std::int64_t, std::string> map{this, "map"};
  millrace::SortedMapState<std::int64_t, std::int64_t> sorted{this, "sorted"};
  void ProcessElement(std::int64_t n, Context& ctx, Collector<std::int64_t>&) {
    if (kKind == kValue) value.Update(value.Get() + std::string(5000, 'x'));
    if (kKind == kList) list.Add(n);
    if (kKind == kMap) map.Put(n, "a text that is no short one, of forty bytes");
    if (kKind == kSortedMap) sorted.Put(n, n);
    if (kKind == kMutable) value.Mutable() += "and so on";
    if (kKind == kTimers) ctx.RegisterEventTimeTimer(EventTime::FromMillis(INT64_MAX / 2 + n));
    if (kKind == kInOneCall) {
      for (std::int64_t i = 0; i < kForEver; ++i) list.Add(i);
    }
  }
  void OnTimer(EventTime, Context&, Collector<std::int64_t>&) {}
};

template <Kind kKind>
void Kept(StreamEnvironment& env) {
  Blackhole(
      Endless(env).KeyBy([](std::int64_t i) { return i % 10; }).Process("keep", Keep<kKind>{}));
}

void AddState(Modes& modes) {
  modes["many keys"] = [](StreamEnvironment& env) {
    Blackhole(
        Endless(env).KeyBy([](std::int64_t i) { return i; }).Aggregate("keep", millrace::Count()));
  };
  modes["many long keys"] = [](StreamEnvironment& env) {
    Blackhole(Endless(env)
                  .KeyBy([](std::int64_t i) { return std::to_string(i) + std::string(100, 'k'); })
                  .Aggregate("keep", millrace::Count()));
  };
  modes["value state"] = &Kept<kValue>;
  modes["list state"] = &Kept<kList>;
  modes["map state"] = &Kept<kMap>;
  modes["sorted map state"] = &Kept<kSortedMap>;
  modes["state changed in place"] = &Kept<kMutable>;
  modes["timers"] = &Kept<kTimers>;
  modes["state in one call"] = &Kept<kInOneCall>;
}

template <class Windows>
void AllOf(StreamEnvironment& env, Windows windows) {
  Blackhole(Endless(env)
                .KeyBy([](std::int64_t i) { return i % 10; })
                .Window(windows)
                .Process("keep", [](const std::int64_t&, const millrace::Window&,
                                    const std::vector<std::int64_t>& all,
                                    Collector<std::size_t>& out) { out.Emit(all.size()); }));
}

void AddWindowState(Modes& modes) {
  static constexpr Duration kLong{kForEver};
  modes["window of all records"] = [](StreamEnvironment& env) {
    AllOf(env, millrace::TumblingEventTime(kLong));
  };
  modes["sliding window of all records"] = [](StreamEnvironment& env) {
    AllOf(env, millrace::SlidingEventTime(kLong, kLong / 2));
  };
  modes["session of all records"] = [](StreamEnvironment& env) {
    AllOf(env, millrace::SessionEventTime(kLong));
  };
  modes["global window of all records"] = [](StreamEnvironment& env) {
    AllOf(env, millrace::GlobalWindows());
  };
  modes["many panes"] = [](StreamEnvironment& env) {
    Blackhole(Endless(env)
                  .KeyBy([](std::int64_t i) { return i; })
                  .Window(millrace::SlidingEventTime(kLong, Duration(1000)))
                  .Aggregate("keep", millrace::Count()));
  };
  modes["windows that end"] =
      [](StreamEnvironment& env) {  // many times the memory, never much at once
        Blackhole(Endless(env, 3000000)
                      .KeyBy([](std::int64_t i) { return i % 10; })
                      .Window(millrace::TumblingEventTime(Duration(1000)))
                      .Process("keep", [](const std::int64_t&, const millrace::Window&,
                                          const std::vector<std::int64_t>& all,
                                          Collector<std::size_t>& out) { out.Emit(all.size()); }));
      };
}

struct Cleared : millrace::KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  millrace::ListState<std::int64_t> list{this, "list"};
  millrace::MapState<std::int64_t, std::string> map{this, "map"};
  void ProcessElement(std::int64_t n, Context&, Collector<std::int64_t>&) {
    list.Add(n);
    map.Put(n, "a text that is no short one, of forty bytes");
    if (n % 2 == 0) map.Erase(n);
    if (list.Size() == 1000) {
      list.Clear();
      map.Clear();
    }
  }
};

void AddBatches(Modes& modes) {
  modes["a huge record"] = [](StreamEnvironment& env) {
    Blackhole(Endless(env, 1)
                  .Map([](std::int64_t) { return std::string(20 << 20, 'x'); })
                  .KeyBy([](const std::string& s) { return s.size(); })
                  .Aggregate("counts", millrace::Count()));
  };
  modes["long texts"] = [](StreamEnvironment& env) {  // 400 MB through the channels
    Blackhole(
        Endless(env, 4000)
            .Map([](std::int64_t i) { return std::string(100000, static_cast<char>('a' + i % 7)); })
            .Rebalance()
            .Map([](std::string s) { return s; })
            .KeyBy([](const std::string& s) { return s[0]; })
            .Aggregate("counts", millrace::Count()));
  };
  modes["now and then a long text"] = [](StreamEnvironment& env) {  // at every place of a batch
    Blackhole(Endless(env, 100000)
                  .Map([](std::int64_t i) { return std::string(i % 97 == 0 ? 60000 : 20, 'x'); })
                  .Rebalance()
                  .Map([](std::string s) { return s; })
                  .KeyBy([](const std::string& s) { return s.size(); })
                  .Aggregate("counts", millrace::Count()));
  };
  modes["state that is cleared"] = [](StreamEnvironment& env) {
    Blackhole(Endless(env, 1000000)
                  .KeyBy([](std::int64_t i) { return i % 10; })
                  .Process("keep", Cleared{}));
  };
}

/// Sleeps in its reader, as a client that blocks does: its time is not idle time.
struct SlowSource {
  using Record = std::int64_t;
  using Split = millrace::RangeSplit;
  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    return millrace::MakeStaticSplits<Split>({{0, 0, 50}}, parallelism);
  }
  struct Reader {
    Split split;
    const millrace::Clock* clock;
    template <class Out>
    millrace::PollResult Poll(Out& out, std::uint32_t) {
      const std::int64_t until = clock->NowNanos() + 2000000;
      while (clock->NowNanos() < until) {
      }
      out.Emit(split.next++);
      if (split.next == split.end) return millrace::PollResult::End();
      return millrace::PollResult::Waiting(clock->NowNanos() + 1000000);
    }
    Split Position() const { return split; }
  };
  Reader OpenSplit(const Split& split, const millrace::ReaderContext& context) const {
    return {split, context.clock};
  }
};

struct Pending : millrace::KeyedProcessFunction<std::int64_t, std::int64_t, std::int64_t> {
  millrace::ValueState<std::int64_t> last{this, "last"};
  void ProcessElement(std::int64_t n, Context& ctx, Collector<std::int64_t>& out) {
    last.Update(n);
    ctx.RegisterProcessingTimeTimer(EventTime::FromMillis(INT64_MAX / 2));  // never comes
    out.Emit(n);
  }
  void OnTimer(EventTime, Context&, Collector<std::int64_t>&) {}
};

}  // namespace

void AddMemory(Modes& modes) {
  modes["paced"] = [](StreamEnvironment& env) {
    Blackhole(env.FromSource("numbers", SlowSource{})
                  .KeyBy([](std::int64_t i) { return i % 10; })
                  .Process("fn \"quoted\"\n", Pending{}));
  };
  AddState(modes);
  AddWindowState(modes);
  AddBatches(modes);
}
