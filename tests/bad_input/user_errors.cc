// User functions of steps, keys, sources and sinks that throw.
#include <limits>
#include <stdexcept>

#include "tests/bad_input/bad_job.h"

using millrace::Collector;
using millrace::EventTime;
using millrace::StreamEnvironment;

namespace {

void NoSevens(int n) {
  if (n == 7) throw std::runtime_error("no sevens");
}

void AddSteps(Modes& modes) {
  modes["map"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Map("halve", [](int n) { return NoSevens(n), n / 2; }));
  };
  modes["filter with a name"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Filter("few", [](int n) { return NoSevens(n), true; }));
  };
  modes["flat map with a name"] = [](StreamEnvironment& env) {
    auto numbers = Numbers(env);
    Blackhole(numbers.FlatMap("many", [](int n, Collector<int>& out) {
      out.Emit(n);
      NoSevens(n);
    }));
  };
  modes["filter"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Filter([](int n) { return NoSevens(n), true; }));
  };
  modes["flat map"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).FlatMap([](int n, Collector<int>& out) {
      out.Emit(n);
      NoSevens(n);
    }));
  };
  modes["not an exception"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Map([](int n) { return n == 7 ? throw 42 : n; }));
  };
  modes["a long record"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection("texts", std::vector<std::string>{std::string(5000, 'x')})
                  .Map([](const std::string&) -> int { throw std::runtime_error("no texts"); }));
  };
  modes["map that takes a text"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection("readings", std::vector<Reading>{{std::string(40, 'x'), 7, 2}})
                  .Map([](Reading& r) { r.value = 2; })  // those of a collection are const
                  .Map([](Reading r) { return NoSevens(static_cast<int>(r.time)), r; }));
  };
  modes["map that takes anything"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection("readings", std::vector<Reading>{{std::string(40, 'x'), 7, 2}})
                  .Map([](Reading& r) { r.value = 2; })  // those of a collection are const
                  .Map([](auto r) { return NoSevens(static_cast<int>(r.time)), r; }));
  };
  modes["map that looks at a text"] = [](StreamEnvironment& env) {
    Blackhole(
        env.FromCollection("readings", std::vector<Reading>{{"x", 7, 2}}).Map([](const Reading& r) {
          return NoSevens(static_cast<int>(r.time)), r;
        }));
  };
  modes["behind a named stream"] = [](StreamEnvironment& env) {
    auto numbers = Numbers(env);
    Blackhole(numbers.Map("halve", [](int n) { return NoSevens(n), n / 2; }));
  };
  modes["key"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env)
                  .KeyBy([](int n) { return NoSevens(n), n; })
                  .Aggregate("counts", millrace::Count()));
  };
  modes["nan as a key"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection("doubles",
                                 std::vector<double>{1, std::numeric_limits<double>::quiet_NaN()})
                  .KeyBy([](double d) { return d; })
                  .Aggregate("counts", millrace::Count()));
  };
  modes["partitioner"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).PartitionCustom([](int n, int) { return NoSevens(n), 0; }));
  };
  modes["partitioner out of range"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).PartitionCustom([](int, int targets) { return targets; }));
  };
}

struct WrongGenerator {
  static constexpr bool kTimed = true;
  void OnEvent(EventTime time) {
    if (time.millis() == 7) throw std::runtime_error("no sevens");
  }
  EventTime Current() const { return EventTime::Min(); }
};

void AddTimestamps(Modes& modes) {
  using Strategy = millrace::WatermarkStrategy<int>;
  static constexpr auto kTime = [](int n) {
    NoSevens(n);
    return n;
  };
  modes["timestamp"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection(
        "numbers", OneToTen(),
        Strategy::Monotonous().WithTimestamp(kTime, millrace::Unit::kMilliseconds)));
  };
  modes["timestamp in mid-stream"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).AssignTimestampsAndWatermarks(
        Strategy::Monotonous().WithTimestamp(kTime, millrace::Unit::kMilliseconds)));
  };
  modes["watermark generator"] = [](StreamEnvironment& env) {
    Blackhole(env.FromCollection(
        "numbers", OneToTen(),
        Strategy::Custom(WrongGenerator{})
            .WithTimestamp([](int n) { return n; }, millrace::Unit::kMilliseconds)));
  };
}

/// Numbers 0 to 9; throws where `wrong` says. A Poll at the end emits more than it was asked for, and after the end there
/// would be more.
struct WrongSource {
  using Record = int;
  using Split = millrace::RangeSplit;
  std::string wrong;

  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    if (wrong == "enumerator") throw std::runtime_error("the catalog is closed");
    return millrace::MakeStaticSplits<Split>({{0, 0, 10}}, parallelism);
  }
  struct Reader {
    const WrongSource* source;
    Split split;
    template <class Out>
    millrace::PollResult Poll(Out& out, std::uint32_t) {
      for (; split.next < split.end; ++split.next) {
        if (split.next == 7 && source->wrong == "reader")
          throw std::runtime_error("the line is dead");
        out.Emit(static_cast<int>(split.next));
      }
      split.end = 20;
      return millrace::PollResult::End();
    }
    Split Position() const { return split; }
  };
  Reader OpenSplit(const Split& split, const millrace::ReaderContext&) const {
    if (wrong == "split") throw std::runtime_error("the file is locked");
    return {this, split};
  }
};

/// A split that nobody can read.
struct Scroll {
  std::int64_t line = 0;
};

}  // namespace

template <>
struct millrace::RecordCodec<Scroll> {
  static std::string SchemaName() { return "scroll"; }
  static void Encode(const Scroll&, millrace::ByteWriter& out) { out.Put(std::int64_t{7}); }
  static bool Decode(millrace::ByteReader&, Scroll&) { return false; }
  static void AppendText(const Scroll&, std::string& text) { text += "scroll"; }
};

namespace {

struct ScrollSource {
  using Record = int;
  using Split = Scroll;
  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    return millrace::MakeStaticSplits<Split>({{}}, parallelism);
  }
  struct Reader {
    template <class Out>
    millrace::PollResult Poll(Out&, std::uint32_t) {
      return millrace::PollResult::End();
    }
  };
  Reader OpenSplit(const Split&, const millrace::ReaderContext&) const { return {}; }
};
void UnreadableSplit(StreamEnvironment& env) {
  env.FromSource("wrong", ScrollSource{}).Print();
}

/// Its enumerator has nothing to give.
struct NoSplits {
  using Record = int;
  using Split = millrace::RangeSplit;
  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    return millrace::MakeStaticSplits<Split>({}, parallelism);
  }
  ScrollSource::Reader OpenSplit(const Split&, const millrace::ReaderContext&) const { return {}; }
};
void SourceWithoutSplits(StreamEnvironment& env) {
  env.FromSource("empty", NoSplits{}).Print();
}

template <int kWrong>
void Source(StreamEnvironment& env) {
  static constexpr const char* kNames[] = {"enumerator", "split", "reader", "nothing"};
  env.FromSource("wrong", WrongSource{kNames[kWrong]}).Print();
}

/// Throws where `wrong` says.
struct WrongSink {
  std::string wrong;
  struct Writer {
    std::string wrong;
    void Fail(const char* at) const {
      if (wrong == at) throw std::runtime_error(std::string("the shop is closed for ") + at);
    }
    void Write(int n, EventTime) const {
      if (n == 7) Fail("writes");
    }
    void Flush() const { Fail("flushes"); }
    std::vector<std::string> PrepareCommit() const {
      Fail("preparations");
      return {};
    }
    void Commit(const std::vector<std::string>&) const { Fail("commits"); }
    void Close() const { Fail("closing"); }
  };
  Writer CreateWriter(const millrace::WriterContext&) const {
    if (wrong == "writers") throw std::runtime_error("the shop is closed for writers");
    return {wrong};
  }
};

template <int kWrong>
void Sink(StreamEnvironment& env) {
  static constexpr const char* kNames[] = {"writers",      "writes",  "flushes",
                                           "preparations", "commits", "closing"};
  Numbers(env).SinkTo("shop", WrongSink{kNames[kWrong]});
}

}  // namespace

void AddUserErrors(Modes& modes) {
  AddSteps(modes);
  AddTimestamps(modes);
  modes["source enumerator"] = &Source<0>;
  modes["source split"] = &Source<1>;
  modes["source split that does not read back"] = &UnreadableSplit;
  modes["source without splits"] = &SourceWithoutSplits;
  modes["source reader"] = &Source<2>;
  modes["source goes on after its end"] = &Source<3>;
  modes["sink writer"] = &Sink<0>;
  modes["sink write"] = &Sink<1>;
  modes["sink flush"] = &Sink<2>;
  modes["sink prepare"] = &Sink<3>;
  modes["sink commit"] = &Sink<4>;
  modes["sink close"] = &Sink<5>;
}
