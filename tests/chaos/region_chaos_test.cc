// The job of all features beside others that have nothing to do with it, under the seeded driver: functions throw at random in
// random regions, the process dies at random turns and goes on at another parallelism. What is committed in the end is what a
// run without faults gives. A failure names its seed: MILLRACE_SEEDS=0@SEED.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "millrace/testing/test_cluster.h"
#include "src/base/sanitizers.h"
#include "tests/chaos/chaos_folders.h"
#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/file_reader.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using chaos::Count;
using chaos::LineSink;
using chaos::Oracle;
using chaos::OracleSink;
using chaos::Rows;
using testing::TestCluster;

/// Draws who throws, and when.
struct Faults {
  explicit Faults(std::uint64_t seed) : random(seed) {}
  Random random;
  double chance = 0;  // of each row, in regions that are not spared
  std::uint64_t thrown = 0;

  void OnRow() {
    if (!random.Chance(chance)) return;
    ++thrown;
    throw std::runtime_error("as drawn");
  }
};

/// A sink of lines that throws now and then.
template <class Sink>
struct FaultySink {
  Sink sink;
  Faults* faults;

  using Inner =
      decltype(std::declval<const Sink&>().CreateWriter(std::declval<const WriterContext&>()));
  struct Writer {
    Inner inner;
    Faults* faults;
    void Write(const std::string& row, EventTime time) {
      faults->OnRow();
      inner.Write(row, time);
    }
    void Flush() {
      if constexpr (requires { inner.Flush(); }) inner.Flush();
    }
    std::vector<std::string> PrepareCommit() { return inner.PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) { inner.Commit(committables); }
    void AbortLeftovers() {
      if constexpr (requires { inner.AbortLeftovers(); }) inner.AbortLeftovers();
    }
    void Close() {
      if constexpr (requires { inner.Close(); }) inner.Close();
    }
  };
  Writer CreateWriter(const WriterContext& context) const {
    return {sink.CreateWriter(context), faults};
  }
};

/// Lines that are read, changed and written without meeting others: each subtask is a region.
void BuildLines(StreamEnvironment& env, const chaos::Sinks& sinks) {
  env.FromSource("lines", Generate([](std::int64_t i) { return i; }).Count(600).Splits(5))
      .Map([](std::int64_t n) { return chaos::Row("line", n, n * n, 0); })
      .SinkTo("line rows", sinks("line rows"));
}
/// Keyed counts of their own.
void BuildCounts(StreamEnvironment& env, const chaos::Sinks& sinks) {
  env.FromSource("others", Generate([](std::int64_t i) { return i; }).Count(900).Splits(3))
      .Map([](std::int64_t n) { return Count{n % 31, 1}; })
      .KeyBy(&Count::key)
      .Reduce("other counts",
              [](const Count& a, const Count& b) { return Count{a.key, a.count + b.count}; })
      .Map([](const Count& c) { return chaos::Row("other", c.key, c.count, 0); })
      .SinkTo("other rows", sinks("other rows"));
}
void BuildAll(StreamEnvironment& env, const chaos::Shape& shape, const chaos::Sinks& sinks) {
  chaos::Build(env, shape, sinks);
  BuildLines(env, sinks);
  BuildCounts(env, sinks);
}

Rows Expected(const chaos::Shape& shape) {
  Oracle oracle;
  const auto result = TestCluster::Seeded(1).Run([&](StreamEnvironment& env) {
    BuildAll(env, shape, [&](const std::string&) { return OracleSink(&oracle); });
  });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

TestCluster Drawn(Random& random) {
  auto cluster = TestCluster::Seeded(random.Uniform(1 << 30))
                     .Parallelism(1 + static_cast<int>(random.Uniform(3)))
                     .Option("batch.rows", std::to_string(1 + random.Uniform(60)))
                     .Option("exchange", random.Chance(0.5) ? "local" : "serialized")
                     .Option("checkpoint.interval", "5ms")
                     .Option("checkpoint.timeout", random.Chance(0.3) ? "5ms" : "1s")
                     .Option("checkpoint.tolerable-failures", "1000000")
                     .Option("checkpoint.max-concurrent", std::to_string(1 + random.Uniform(2)))
                     .Option("checkpoint.pack-below", random.Chance(0.5) ? "0" : "300")
                     .Option("checkpoint.retain", std::to_string(1 + random.Uniform(3)))
                     .Option("restart-strategy.type", "fixed-delay")
                     .Option("restart-strategy.fixed-delay.attempts", "1000000")
                     .Option("restart-strategy.fixed-delay.delay",
                             std::to_string(random.Uniform(3) * random.Uniform(20)) + "ms");
  return random.Chance(0.5) ? cluster.Option("checkpoint.mode", "unaligned") : cluster;
}

struct Seen {
  std::uint64_t runs = 0, restarts = 0, of_regions = 0, regions = 0;
};

/// Runs the job until it ends well; all but the last run may die. Later runs have fewer faults, so that they get somewhere. One
/// that `moves` goes on in the other folder now and then, and the one that it came from is lost then.
void RunUntilItEnds(const chaos::Shape& shape, Random& random, MemoryFileSystem& files, bool moves,
                    Faults& faults, const chaos::Sinks& sinks, Seen* seen) {
  constexpr int kLastRun = 4;
  for (int run = 0; run <= kLastRun; ++run) {
    faults.chance = random.Chance(0.2) ? 0 : 0.004 / (1 + run * run);
    auto cluster = Drawn(random).Option("test.run", "r" + std::to_string(run));
    const std::string from = chaos::WithNewest(files);
    if (!from.empty()) cluster = cluster.Restore("memory://" + from);
    const std::string to = (moves && random.Chance(0.5)) == (from == "one") ? "two" : "one";
    if (from == to) chaos::Remove(files, from == "one" ? "two" : "one");
    cluster = cluster.Option("checkpoint.dir", "memory://" + to);
    if (run < kLastRun)
      cluster = cluster.Option("test.crash", std::to_string(1 + random.Uniform(1 << 15)));
    const JobResult result =
        cluster.Run([&](StreamEnvironment& env) { BuildAll(env, shape, sinks); });
    ++seen->runs;
    seen->restarts += result.restarts;
    seen->regions += result.region_restarts.size();
    for (const RegionRestarts& region : result.region_restarts) seen->of_regions += region.restarts;
    if (result.status.ok()) return;
    EXPECT_NE(result.status.message().find("test.crash"), std::string::npos) << result.status;
    files.Crash();
  }
}

/// A sanitizer sees little more in one thread.
constexpr std::uint64_t kSeeds = MILLRACE_ASAN || MILLRACE_TSAN ? 3 : 18;
constexpr std::uint64_t kFileSeeds = MILLRACE_ASAN || MILLRACE_TSAN ? 1 : 5;

void Check(const Seen& seen, std::uint64_t seeds) {
  std::printf("%s runs, %s restarts, %s of them of regions\n", std::to_string(seen.runs).c_str(),
              std::to_string(seen.restarts).c_str(), std::to_string(seen.of_regions).c_str());
  if (seeds < 2) return;  // one that is looked into
  EXPECT_GT(seen.of_regions, 5 * seeds);
  EXPECT_GT(seen.regions, 2 * seeds) << "several regions have failed";
  EXPECT_GT(seen.restarts, seen.of_regions) << "the whole job was never started again";
}

TEST(RegionChaos, WhatIsCommittedInTheEndIsThatOfARunWithoutFaults) {
  const chaos::Shape shape{.records = 1000};
  const Rows expected = Expected(shape);
  Seen seen;
  std::uint64_t seeds = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, kSeeds)) {
    ++seeds;
    Random random(seed);
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    Oracle oracle;
    Faults faults(seed);
    RunUntilItEnds(
        shape, random, files, /*moves=*/true, faults,
        [&](const std::string&) { return FaultySink<OracleSink>{OracleSink(&oracle), &faults}; },
        &seen);
    RegisterFileSystem("memory", nullptr);
    for (const auto& [row, count] : oracle.rows()) {
      const auto at = expected.find(row);
      ASSERT_TRUE(at != expected.end())
          << "seed " << seed << ": a row too many: " << row << " of" << oracle.from(row);
      ASSERT_EQ(count, at->second) << "seed " << seed << ": " << row << " of" << oracle.from(row);
    }
    ASSERT_EQ(oracle.rows().size(), expected.size()) << "seed " << seed << ": rows are missing";
  }
  Check(seen, seeds);
}

/// A region's file sinks void what they had begun, and nothing of those that write on.
TEST(RegionChaos, FilesHaveEachRowOnceAndNothingIsLeftBehind) {
  const chaos::Shape shape{.records = 500};
  const Rows expected = Expected(shape);
  Seen seen;
  std::uint64_t seeds = 0;
  for (const std::uint64_t seed : test_support::Seeds(1001, kFileSeeds)) {
    ++seeds;
    Random random(seed);
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    Faults faults(seed);
    RunUntilItEnds(
        shape, random, files, /*moves=*/false, faults,
        [&](const std::string& sink) {
          return FaultySink<TextFileSink>{TextFileSink("memory://out/" + sink).RollAt(300),
                                          &faults};
        },
        &seen);
    RegisterFileSystem("memory", nullptr);
    chaos::FileReader reader(&expected);
    std::map<std::string, std::string> finished;
    // A run that died before its first checkpoint is nobody's: what it left stays.
    const std::string job = chaos::JobId(files);
    for (const std::string& path : files.paths()) {
      if (!path.starts_with("out/")) continue;
      EXPECT_EQ(path.find("." + job + "."), std::string::npos)
          << "seed " << seed << ": left behind: " << path;
      if (path[path.rfind('/') + 1] != '.') finished[path] = *files.Bytes(path);
    }
    reader.Look(std::move(finished));
    ASSERT_EQ(reader.rows(), expected) << "seed " << seed;
  }
  Check(seen, seeds);
}

}  // namespace
}  // namespace millrace
