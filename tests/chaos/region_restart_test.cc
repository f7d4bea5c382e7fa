// Jobs of several regions, one of which fails: it is started again, and the others don't notice.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/graph/checkpoint_report.h"
#include "millrace/testing/test_cluster.h"
#include "tests/chaos/chaos_records.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/chaos/region_jobs.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using chaos::Count;
using chaos::Numbers;
using chaos::Oracle;
using chaos::OracleSink;
using chaos::Tally;
using chaos::TallySink;
using chaos::Trouble;
using testing::TestCluster;

constexpr std::int64_t kRemainders = 7;

class RegionRestart : public ::testing::Test {
 protected:
  void SetUp() override { RegisterFileSystem("memory", &files_); }
  void TearDown() override { RegisterFileSystem("memory", nullptr); }

  static TestCluster With(const TestCluster& cluster, const std::string& interval = "2ms") {
    return cluster.Option("checkpoint.dir", "memory://chk")
        .Option("checkpoint.interval", interval)
        .Option("restart-strategy.type", "fixed-delay")
        .Option("restart-strategy.fixed-delay.attempts", "20")
        .Option("restart-strategy.fixed-delay.delay", "1ms");
  }
  MemoryFileSystem files_;
};

/// How many of the numbers up to now have the same remainder as each.
auto Counts(DataStream<std::int64_t> numbers, const std::string& name) {
  return std::move(numbers)
      .Map([](std::int64_t n) { return Count{n % kRemainders, 1}; })
      .KeyBy(&Count::key)
      .Reduce(name + " counts",
              [](const Count& a, const Count& b) { return Count{a.key, a.count + b.count}; });
}
/// Of `count` numbers from 0 on, as counts in one number each.
std::map<std::int64_t, int> EachCountOnce(std::int64_t count) {
  std::map<std::int64_t, int> once;
  for (std::int64_t n = 0; n < count; ++n)
    once[n % kRemainders * 1000000 + n / kRemainders + 1] = 1;
  return once;
}
std::map<std::string, int> RowsOf(const std::map<std::int64_t, int>& counts) {
  std::map<std::string, int> rows;
  for (const auto& [count, times] : counts) rows[std::to_string(count)] = times;
  return rows;
}
std::int64_t InOne(const Count& c) {
  return c.key * 1000000 + c.count;
}

/// Two pipelines that have nothing to do with each other; what is seen of them.
struct TwoPipelines {
  explicit TwoPipelines(int times, int rows = 100) : trouble(times, rows) {}

  void Build(StreamEnvironment& env) {
    Counts(env.FromSource("steady", Numbers{.trouble = &trouble, .opened = &steady_opened}),
           "steady")
        .Map(InOne)
        .SinkTo("steady rows", TallySink{&steady_rows});
    Counts(front(env.FromSource("flaky", Numbers{.opened = &flaky_opened})).Map("strike", Strike()),
           "flaky")
        .Map([](const Count& c) { return std::to_string(InOne(c)); })
        .SinkTo("flaky rows", OracleSink(&oracle));
  }
  std::function<std::int64_t(std::int64_t)> Strike() {
    return [this](std::int64_t n) {
      trouble.OnRow();
      return n;
    };
  }

  /// What stands before what strikes.
  std::function<DataStream<std::int64_t>(DataStream<std::int64_t>)> front = [](auto numbers) {
    return numbers;
  };
  Trouble trouble;
  Tally steady_opened, steady_rows, flaky_opened;
  Oracle oracle;
};
const std::map<std::int64_t, int> kEachSplitOnce = {{0, 1}, {1, 1}, {2, 1}, {3, 1}};

std::uint64_t OfRegions(const JobResult& result) {
  std::uint64_t restarts = 0;
  for (const RegionRestarts& region : result.region_restarts) restarts += region.restarts;
  return restarts;
}

/// The rows of each keyed operator's state.
std::vector<std::uint64_t> StatesOf(const JobResult& result) {
  std::vector<std::uint64_t> rows;
  for (const OperatorReport& op : result.operators) {
    if (op.name.ends_with("counts")) rows.push_back(op.state_rows);
  }
  return rows;
}

TEST_F(RegionRestart, TheOtherRegionReadsAndWritesNothingTwice) {
  for (const std::uint64_t seed : test_support::Seeds(1, 6)) {
    for (const TestCluster& cluster : TestCluster::BothDrivers(seed)) {
      SCOPED_TRACE(cluster.ToString());
      const int parallelism = 1 + static_cast<int>(seed % 3);
      TwoPipelines job(3);
      const JobResult result =
          With(cluster)
              .Parallelism(parallelism)
              .Option("checkpoint.mode", seed % 2 == 0 ? "unaligned" : "aligned")
              .Run([&](StreamEnvironment& env) { job.Build(env); });
      ASSERT_TRUE(result.status.ok()) << result.status;
      EXPECT_EQ(job.steady_opened.times(), kEachSplitOnce);
      EXPECT_EQ(job.steady_rows.times(), EachCountOnce(2000));
      EXPECT_EQ(job.oracle.rows(), RowsOf(EachCountOnce(2000)));
      ASSERT_EQ(result.region_restarts.size(), 1U);
      const RegionRestarts& flaky = result.region_restarts[0];
      // Two subtasks that fail together are one failure.
      EXPECT_GE(flaky.restarts, parallelism == 1 ? 3U : 1U);
      EXPECT_LE(flaky.restarts, 3U);
      EXPECT_EQ(result.restarts, flaky.restarts);
      EXPECT_EQ(flaky.vertices[0].substr(0, 5), "flaky");
      EXPECT_EQ(flaky.tasks * 2, flaky.of);
      EXPECT_EQ(flaky.subtask, -1);
      EXPECT_GT(result.checkpoints->completed, 0U);
    }
  }
}

TEST_F(RegionRestart, WithoutACheckpointItBeginsAnewAlone) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    TwoPipelines job(2);
    const JobResult result =
        With(cluster, "1h").Parallelism(2).Run([&](StreamEnvironment& env) { job.Build(env); });
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_GE(OfRegions(result), 1U);
    EXPECT_EQ(OfRegions(result), result.restarts);
    EXPECT_EQ(job.steady_opened.times(), kEachSplitOnce);
    EXPECT_EQ(job.steady_rows.times(), EachCountOnce(2000));
    EXPECT_EQ(job.oracle.rows(), RowsOf(EachCountOnce(2000)));
  }
}

/// The state of the region that ran on, and of that which did not, is whole in the checkpoints that follow.
TEST_F(RegionRestart, WhatIsSavedAfterItIsWhole) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    MemoryFileSystem files;
    RegisterFileSystem("memory", &files);
    TwoPipelines job(3);
    const auto run = [&](const TestCluster& how) {
      return how.Parallelism(2).Run([&](StreamEnvironment& env) { job.Build(env); });
    };
    ASSERT_TRUE(run(With(cluster)).status.ok());
    const JobResult again = run(With(cluster).Restore("memory://chk"));
    ASSERT_TRUE(again.status.ok()) << again.status;
    EXPECT_EQ(again.operators[0].in, 0U) << "all was read before";
    EXPECT_EQ(StatesOf(again), (std::vector<std::uint64_t>{kRemainders, kRemainders}));
  }
}

TEST_F(RegionRestart, ASubtaskWhoseSplitsAreDealtAheadGoesBackAlone) {
  for (const std::string interval : {"2ms", "1h"}) {
    for (const TestCluster& cluster : TestCluster::BothDrivers()) {
      SCOPED_TRACE(cluster.ToString() + ", every " + interval);
      Tally opened, rows;
      Oracle oracle;
      Trouble trouble(2, 50);
      // Splits 0 and 2 are subtask 0's. What it writes to the tally it may write twice, but nobody else.
      const JobResult result =
          With(cluster, interval).Parallelism(2).Run([&](StreamEnvironment& env) {
            auto numbers =
                env.FromSource("numbers", Numbers{.trouble = &trouble, .opened = &opened})
                    .Map("strike", [&](std::int64_t n) {
                      if (n / 500 % 2 == 0) trouble.OnRow();
                      return n;
                    });
            numbers.SinkTo("seen", TallySink{&rows});
            numbers.Map([](std::int64_t n) { return std::to_string(n); })
                .SinkTo("rows", OracleSink(&oracle));
          });
      ASSERT_TRUE(result.status.ok()) << result.status;
      EXPECT_EQ(opened.times().at(1), 1);
      EXPECT_EQ(opened.times().at(3), 1);
      EXPECT_GT(opened.times().at(0), 1);
      ASSERT_EQ(result.region_restarts.size(), 1U);
      EXPECT_EQ(result.region_restarts[0].subtask, 0);
      EXPECT_EQ(result.region_restarts[0].restarts, 2U);
      EXPECT_EQ(result.region_restarts[0].tasks * 2, result.region_restarts[0].of);
      ASSERT_EQ(oracle.rows().size(), 2000U);
      for (const auto& [row, times] : oracle.rows()) EXPECT_EQ(times, 1) << row;
      for (const auto& [n, times] : rows.times()) {
        if (n / 500 % 2 == 1) EXPECT_EQ(times, 1) << n;
      }
    }
  }
}

/// The second one that is opened is not.
struct OpensBadly : ProcessFunction<std::int64_t, std::int64_t> {
  std::atomic<int>* opened;
  explicit OpensBadly(std::atomic<int>* times) : opened(times) {}
  void Open(const FunctionContext&) {
    if (++*opened == 2) throw std::runtime_error("not yet");
  }
  void ProcessElement(const std::int64_t& n, Context&, Collector<std::int64_t>& out) {
    out.Emit(n);
  }
};

TEST_F(RegionRestart, OneThatFailsAgainWhenItIsOpenedIsStartedOnceMore) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    TwoPipelines job(1);
    std::atomic<int> opened = 0;
    job.front = [&](DataStream<std::int64_t> numbers) {
      return std::move(numbers).Process("opens", OpensBadly(&opened));
    };
    const JobResult result = With(cluster).Run([&](StreamEnvironment& env) { job.Build(env); });
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(opened, 3);
    EXPECT_EQ(OfRegions(result), 2U);
    EXPECT_EQ(job.steady_opened.times(), kEachSplitOnce);
    EXPECT_EQ(job.oracle.rows(), RowsOf(EachCountOnce(2000)));
  }
}

/// Nothing can be built on the files of the other folder: what the region writes from then on is whole.
TEST_F(RegionRestart, OneThatGoesBackToACheckpointOfAnotherFolderNeedsThatNoMore) {
  TwoPipelines job(0);
  std::atomic<int> opened = 0;
  job.front = [&](DataStream<std::int64_t> numbers) {
    return std::move(numbers).Process("opens", OpensBadly(&opened));
  };
  const auto run = [&](const TestCluster& cluster, const std::string& folder) {
    return With(cluster, "1h")
        .Option("checkpoint.dir", "memory://" + folder)
        .Run([&](StreamEnvironment& env) { job.Build(env); });
  };
  const TestCluster threads = TestCluster::Threads();
  ASSERT_TRUE(run(threads, "one").status.ok());
  const JobResult second = run(threads.Restore("memory://one"), "two");
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(OfRegions(second), 1U);
  for (const std::string& path : files_.paths()) {
    if (path.starts_with("one/")) ASSERT_TRUE(files_.Remove(path).ok());
  }
  const JobResult third = run(threads.Restore("memory://two"), "two");
  ASSERT_TRUE(third.status.ok()) << third.status;
  EXPECT_EQ(third.restarts, 0U);
  EXPECT_EQ(StatesOf(third), (std::vector<std::uint64_t>{kRemainders, kRemainders}));
}

TEST_F(RegionRestart, WhenAnotherRegionFailsMeanwhileTheWholeJobIsStartedAgain) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    TwoPipelines job(1);
    std::atomic<bool> third_failed = false;
    const auto wait_for_trouble = [&](std::int64_t n) {
      // Behind the gate: the first region has failed.
      if (n == 499 && !third_failed.exchange(true)) throw std::runtime_error("me too");
      return n;
    };
    // So long that nothing comes between the two failures.
    const JobResult result =
        With(cluster)
            .Option("restart-strategy.fixed-delay.delay", "300ms")
            .Run([&](StreamEnvironment& env) {
              job.Build(env);
              env.FromSource("third", Numbers{.trouble = &job.trouble, .opened = &job.flaky_opened})
                  .Map("wait", wait_for_trouble)
                  .SinkTo("out", BlackholeSink{});
            });
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.restarts, 2U);
    EXPECT_EQ(OfRegions(result), 1U);
    EXPECT_EQ(job.oracle.rows(), RowsOf(EachCountOnce(2000)));
  }
}

TEST_F(RegionRestart, WhatFailsWhenTheLastCheckpointIsCompleteStartsTheWholeJobAgain) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    const bool threads = cluster.ToString().starts_with("driver=threads");
    TwoPipelines job(0);
    job.oracle.FailAt(1);
    const JobResult result =
        With(cluster, "1h").Run([&](StreamEnvironment& env) { job.Build(env); });
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_TRUE(job.oracle.failed());
    EXPECT_EQ(result.restarts, 1U);
    EXPECT_EQ(OfRegions(result), threads ? 0U : 1U) << "the seeded driver takes more of them";
    EXPECT_EQ(job.oracle.rows(), RowsOf(EachCountOnce(2000)));
  }
}

TEST_F(RegionRestart, TheStrategyCountsItAndGivesUp) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    TwoPipelines job(3);
    const JobResult result = With(cluster)
                                 .Option("restart-strategy.fixed-delay.attempts", "2")
                                 .Run([&](StreamEnvironment& env) { job.Build(env); });
    EXPECT_EQ(result.restarts, 2U);
    EXPECT_EQ(OfRegions(result), 2U);
    const std::string& message = result.status.message();
    EXPECT_TRUE(
        message.starts_with("operator 'strike', subtask 0: std::runtime_error: as asked in "
                            "step 'strike', record "))
        << message;
    EXPECT_NE(message.find("it was started again 2 times; 2 restarts were allowed "
                           "(restart-strategy.fixed-delay.attempts); the first failure was: "),
              std::string::npos)
        << message;
  }
}

}  // namespace
}  // namespace millrace
