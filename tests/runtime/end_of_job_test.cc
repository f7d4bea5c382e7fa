// What happens at the edges of a job's life: timers when the input has ended, arenas of streams that are rarely written.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "millrace/millrace.h"
#include "src/base/sanitizers.h"

namespace millrace {
namespace {

/// Fails the job when it is written to after it was asked to prepare its commit.
struct StrictSink {
  struct Writer {
    bool prepared = false;
    void Write(int, EventTime) const {
      if (prepared) throw std::logic_error("a record after the end");
    }
    std::vector<std::string> PrepareCommit() {
      prepared = true;
      return {};
    }
    void Commit(const std::vector<std::string>&) const {}
  };
  Writer CreateWriter(const WriterContext&) const { return {}; }
};

/// At the end of input each key's timer registers one of the processing time that is due at once.
struct TimersAtTheEnd : KeyedProcessFunction<int, int, int> {
  void ProcessElement(int, Context& ctx, Collector<int>&) {
    ctx.RegisterEventTimeTimer(EventTime::Max());
  }
  void OnTimer(EventTime time, Context& ctx, Collector<int>& out) {
    if (time == EventTime::Max()) ctx.RegisterProcessingTimeTimer(ctx.CurrentProcessingTime());
    out.Emit(ctx.Key());
  }
};

TEST(EndOfJob, ProcessingTimeTimersFireBeforeTheEndOrNotAtAll) {
  for (const char* driver : {"threads", "seeded"}) {
    for (const char* exchange : {"local", "serialized"}) {
      StreamEnvironment env;
      env.SetOption("driver", driver);
      env.SetOption("exchange", exchange);
      env.FromSource("numbers",
                     Generate([](std::int64_t i) { return static_cast<int>(i); }).Count(3000))
          .KeyBy([](int n) { return n; })
          .Process("timers", TimersAtTheEnd{})
          .SinkTo("strict", StrictSink{});
      const JobResult result = env.Run("timers at the end");
      EXPECT_TRUE(result.status.ok()) << result.status << " (" << driver << ", " << exchange << ")";
    }
  }
}

/// Adds up, in a writer of two words, which loops may hold in registers.
struct Adding {
  struct Writer {
    std::int64_t* total;
    std::int64_t sum = 0;
    void Write(std::int64_t n, EventTime) {
      if (n == 2500) throw std::runtime_error("no number for this sink");
      sum += n;
    }
    void Close() { *total += sum; }
  };
  static_assert(internal::kFitsIntoRegisters<Writer>);
  static_assert(!internal::kFitsIntoRegisters<StrictSink::Writer>);
  std::int64_t* total;
  Writer CreateWriter(const WriterContext&) const { return {total}; }
};

TEST(EndOfJob, AWriterHasAllThatWasWrittenWhateverEndsTheLoop) {
  for (const char* driver : {"threads", "seeded"}) {
    for (const std::int64_t count : {2000, 3000}) {
      for (const std::int64_t bad : {1234, 10000}) {
        std::int64_t total = 0;
        StreamEnvironment env;
        env.SetOption("driver", driver);
        env.FromSource("numbers", Generate([](std::int64_t i) { return i; }).Count(count))
            .Map([bad](std::int64_t n) {
              if (n == bad) throw std::runtime_error("a bad number");
              return n;
            })
            .SinkTo("adding", Adding{&total});
        const JobResult result = env.Run("adding");
        const std::int64_t end = std::min({count, bad, std::int64_t{2500}});
        EXPECT_EQ(result.status.ok(), end == count) << result.status;
        EXPECT_EQ(total, end * (end - 1) / 2) << driver << ", " << count << ", " << bad;
      }
    }
  }
}

struct Line {
  std::int64_t number = 0;
  String text;
};
MILLRACE_RECORD(Line, number, text);

struct Split : ProcessFunction<Line, Line> {
  SideOutput<Line> rejected{this, "rejected"};
  void ProcessElement(const Line& line, Context&, Collector<Line>& out) {
    if (line.number == 0) rejected.Emit(line);
    out.Emit({line.number, String(std::string(200, 'x'))});
  }
};

/// The most that the allocator has given out while a sink was written to.
struct HeapSink {
  std::shared_ptr<std::atomic<std::size_t>> most = std::make_shared<std::atomic<std::size_t>>();
  struct Writer {
    std::shared_ptr<std::atomic<std::size_t>> most;
    std::size_t rows = 0;
    void Write(const Line&, EventTime) {
      if (++rows % 10000 != 0) return;
      const struct mallinfo2 info = mallinfo2();
      most->store(std::max(most->load(), info.uordblks + info.hblkhd));
    }
  };
  Writer CreateWriter(const WriterContext&) const { return {most}; }
};

// A batch that came back over an edge that is written once must not keep all later texts of the task.
TEST(EndOfJob, AnEdgeThatIsRarelyWrittenPinsNoArena) {
  if (MILLRACE_ASAN || MILLRACE_TSAN) GTEST_SKIP() << "sanitizers have an allocator of their own";
  StreamEnvironment env;
  env.SetParallelism(2);
  HeapSink heap;
  auto lines =
      env.FromSource("lines", Generate([](std::int64_t i) { return Line{i, {}}; }).Count(1000000))
          .Process("split", Split{});
  lines.SideOutput(OutputTag<Line>{"rejected"})
      .KeyBy(&Line::number)
      .Reduce("last", [](const Line&, const Line& b) { return b; })
      .SinkTo("nowhere", BlackholeSink{});
  lines.KeyBy([](const Line& l) { return l.number % 100; })
      .Reduce("last of key", [](const Line&, const Line& b) { return b; })
      .SinkTo("heap", heap);
  ASSERT_EQ(env.Run("rare").status.ToString(), "OK");
  EXPECT_LT(heap.most->load(), std::size_t{100} << 20) << "of 200 MB of texts";
}

}  // namespace
}  // namespace millrace
