#include "benchmarks/micro/shapes.h"

namespace micro {

using namespace std::chrono_literals;
using millrace::Duration;
using millrace::EventTime;
using millrace::StreamEnvironment;
using millrace::WatermarkStrategy;
using millrace::WriterContext;

const std::vector<std::string>& Lines() {
  static const std::vector<std::string> lines = [] {
    std::vector<std::string> all;
    for (std::uint64_t k = 0; k < 1000; ++k) {
      std::string line;
      for (std::uint64_t j = 0; j < 10; ++j) {
        if (j > 0) line += ' ';
        line += "word" + std::to_string(Mix(k * 10 + j) % 10000);
      }
      all.push_back(line);
    }
    return all;
  }();
  return lines;
}

namespace {

struct RingSink {
  struct Writer {
    Ring ring;
    void Write(std::int64_t value, EventTime) { ring.Put(static_cast<std::uint64_t>(value), 0); }
    void Write(const Pair& p, EventTime) {
      ring.Put(static_cast<std::uint64_t>(p.key), static_cast<std::uint64_t>(p.value));
    }
    void Write(const WordCount& w, EventTime) {
      ring.Put(w.word.size(), static_cast<std::uint64_t>(w.count));
    }
    void Write(const millrace::WindowResult<std::int64_t, std::int64_t>& r, EventTime) {
      ring.Put(static_cast<std::uint64_t>(r.key), static_cast<std::uint64_t>(r.value));
    }
  };
  Writer CreateWriter(const WriterContext&) const { return {}; }
};

struct SummingSink {
  struct Writer {
    std::uint64_t sum = 0;
    void Write(const Triple& t, EventTime) { sum += static_cast<std::uint64_t>(t.a + t.b); }
    void Close() {
      Ring ring;
      ring.Put(sum, 0);
    }
  };
  Writer CreateWriter(const WriterContext&) const { return {}; }
};

std::int64_t Twice(std::int64_t x) {
  return x * 2;
}
std::int64_t PlusOne(std::int64_t x) {
  return x + 1;
}

template <class F>
auto Input(StreamEnvironment& env, std::int64_t records, int splits, F fn) {
  return env.FromSource("input", millrace::Generate(fn).Count(records).Splits(splits));
}

void Maps(StreamEnvironment& env, std::int64_t records, int splits, bool rebalance) {
  auto longs = Input(env, records, splits, [](std::int64_t i) { return i; });
  const auto twice = [](std::int64_t x) { return Twice(x); };
  const auto plus = [](std::int64_t x) { return PlusOne(x); };
  if (rebalance) {
    std::move(longs).Map(twice).Rebalance().Map(plus).SinkTo("ring", RingSink{});
  } else {
    std::move(longs).Map(twice).Map(plus).SinkTo("ring", RingSink{});
  }
}

void Triples(StreamEnvironment& env, std::int64_t records, int splits) {
  Input(env, records, splits, [](std::int64_t i) { return MapRecord(i); })
      .Map([](Triple& t) { t.a += t.b; })
      .Filter([](const Triple& t) { return t.id % 8 != 0; })
      .Map([](Triple& t) { t.b ^= t.a; })
      .Map([](Triple& t) { t.a *= 5; })
      .SinkTo("sum", SummingSink{});
}

template <class KeyOf>
void KeyedSum(StreamEnvironment& env, std::int64_t records, int splits, KeyOf key_of) {
  Input(env, records, splits, [key_of](std::int64_t i) { return Pair{key_of(i), 1}; })
      .KeyBy(&Pair::key)
      .Reduce("sum", [](const Pair& a, const Pair& b) { return Pair{a.key, a.value + b.value}; })
      .SinkTo("ring", RingSink{});
}

template <WindowShape kShape>
void Windows(StreamEnvironment& env, std::int64_t records, int splits) {
  auto keyed =
      env.FromSource("input",
                     millrace::Generate([](std::int64_t i) { return WindowRecord<kShape>(i); })
                         .Count(records)
                         .Splits(splits),
                     WatermarkStrategy<Timed>::Monotonous().WithTimestamp(
                         &Timed::time, millrace::Unit::kMilliseconds))
          .Map([](const Timed& t) { return Pair{t.key, t.value}; })
          .KeyBy(&Pair::key);
  const auto sum = millrace::Sum(&Pair::value);
  if constexpr (kShape.gap > 0) {
    std::move(keyed)
        .Window(millrace::SessionEventTime(Duration(kShape.gap)))
        .Aggregate("sum", sum)
        .SinkTo("ring", RingSink{});
  } else {
    std::move(keyed)
        .Window(millrace::SlidingEventTime(Duration(kShape.size), Duration(kShape.slide)))
        .Aggregate("sum", sum)
        .SinkTo("ring", RingSink{});
  }
}

void Words(StreamEnvironment& env, std::int64_t records, int splits) {
  const std::vector<std::string>* lines = &Lines();
  Input(env, records, splits,
        [lines](std::int64_t i) { return (*lines)[static_cast<std::size_t>(i % 1000)]; })
      .template FlatMap<WordCount>([](const std::string& line, auto& out) {
        for (std::size_t from = 0; from < line.size();) {
          const std::size_t to = std::min(line.find(' ', from), line.size());
          WordCount& w = out.Next();
          w.word.assign(line, from, to - from);
          w.count = 1;
          from = to + 1;
        }
      })
      .KeyBy(&WordCount::word)
      .Reduce("sum", [](const WordCount& a,
                        const WordCount& b) { return WordCount{a.word, a.count + b.count}; })
      .SinkTo("ring", RingSink{});
}

}  // namespace

bool BuildShape(const std::string& shape, std::int64_t records, int splits,
                StreamEnvironment& env) {
  if (WithWindowShape(shape, [&]<WindowShape kShape> { Windows<kShape>(env, records, splits); }))
    return true;
  if (shape == "mapSinkLong") {
    Maps(env, records, splits, false);
  } else if (shape == "mapRebalanceMapSink") {
    Maps(env, records, splits, true);
  } else if (shape == "mapSink") {
    Triples(env, records, splits);
  } else if (shape == "keyedSum1K") {
    KeyedSum(env, records, splits, [](std::int64_t i) { return i % 1000; });
  } else if (shape == "keyedSum1M") {
    KeyedSum(env, records, splits, [](std::int64_t i) {
      return static_cast<std::int64_t>(Mix(static_cast<std::uint64_t>(i)) % 1000000);
    });
  } else if (shape == "keyedSum10M") {
    KeyedSum(env, records, splits, [](std::int64_t i) {
      return static_cast<std::int64_t>(Mix(static_cast<std::uint64_t>(i)) % 10000000);
    });
  } else if (shape == "wordCount") {
    Words(env, records, splits);
  } else {
    return false;
  }
  return true;
}

std::vector<std::string> ShapeNames() {
  return {"mapSinkLong",   "mapSink",        "mapRebalanceMapSink",
          "keyedSum1K",    "keyedSum1M",     "keyedSum10M",
          "tumbling",      "sliding",        "session",
          "wordCount",     "sliding1K_1s",   "sliding1K_10ms",
          "sliding10K_1s", "sliding10K_10ms"};
}

}  // namespace micro
