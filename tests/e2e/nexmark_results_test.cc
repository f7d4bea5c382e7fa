// Results of the Nexmark queries against the oracle, under settings drawn from a printed seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/nexmark/handwritten.h"
#include "benchmarks/nexmark/queries.h"
#include "millrace/base/random.h"
#include "tests/e2e/expected.h"
#include "tests/e2e/job_process.h"

namespace nexmark {
namespace {

std::uint64_t Seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("MILLRACE_SEED");
    const std::uint64_t s =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("settings are drawn from MILLRACE_SEED=%llu\n", static_cast<unsigned long long>(s));
    return s;
  }();
  return seed;
}

struct Case {
  std::string file;
  int parallelism;
};

/// Runs the query in a worker process; false when there is no such query yet.
bool CheckInWorker(const Expected& e, const std::string& command) {
  millrace::StreamEnvironment env;
  if (!BuildQuery(e.query, QueryConfig{}, env, CheckSink{})) return false;
  const Printed p = Execute(command);
  EXPECT_EQ(p.code, 0) << command << "\n" << p.text;
  EXPECT_EQ(p.rows + " " + p.checksum, e.rows + " " + e.checksum) << command;
  return true;
}

class NexmarkResults : public testing::TestWithParam<Case> {};

TEST_P(NexmarkResults, EqualTheExpected) {
  millrace::Random random(Seed() + static_cast<std::uint64_t>(GetParam().parallelism));
  int checked = 0;
  for (const Expected& e : ReadExpected(GetParam().file)) {
    millrace::StreamEnvironment env;
    env.SetParallelism(GetParam().parallelism);
    const bool seeded = e.events <= 100000 && random.Chance(0.5);
    const std::string rows =
        std::to_string(random.Chance(0.3) ? 2048 : 1 + random.Uniform(600));  // 2048: the default
    const bool serialized = random.Chance(0.5);
    if (random.Chance(0.2)) {
      const std::string run = "NEXMARK='" + e.query + " " + std::to_string(e.events) + " " +
                              std::to_string(e.tps) + "' timeout 300 " + NEXMARK_JOB +
                              " --isolated -D batch.rows=" + rows +
                              " -D exchange=" + (serialized ? "serialized" : "local") +
                              " --parallelism " + std::to_string(GetParam().parallelism);
      if (CheckInWorker(e, run)) ++checked;
      continue;
    }
    env.SetOption("driver", seeded ? "seeded" : "threads");
    env.SetOption("seed", std::to_string(random.Uniform(1u << 30)));
    env.SetOption("exchange", serialized ? "serialized" : "local");
    env.SetOption("batch.rows", rows);
    QueryConfig config;
    config.generator.max_events = e.events;
    config.generator.tps = e.tps;
    CheckSink sink;
    if (!BuildQuery(e.query, config, env, sink)) continue;  // comes with a later issue
    ++checked;
    const millrace::JobResult result = env.Run(e.query);
    const std::string settings = std::string(seeded ? "seeded" : "threads") +
                                 (serialized ? ", serialized" : "") + ", batch.rows=" + rows;
    ASSERT_TRUE(result.status.ok())
        << e.query << ": " << result.status.ToString() << " (" << settings << ")";
    EXPECT_EQ(std::to_string(sink.shared->table.rows()), e.rows)
        << e.query << " (" << settings << ")";
    EXPECT_EQ(sink.shared->table.checksum(), e.checksum) << e.query << " (" << settings << ")";
  }
  EXPECT_EQ(checked, 15);
}

TEST(NexmarkSeeds, OtherSeedsGiveOtherResultsOnWhichTheHandWrittenLoopsAgree) {
  millrace::Random random(Seed());
  std::map<std::string, std::string> before;
  for (int round = 0; round < 2; ++round) {
    QueryConfig config;
    config.generator.max_events = 150000;
    config.generator.tps = 3000;
    config.generator.seed_gen = random.Next();
    config.generator.seed_bid = random.Next();
    config.generator.seed_str = random.Next();
    for (const char* query : {"q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11", "q12e",
                              "q17", "q18", "q19", "q20"}) {
      SCOPED_TRACE(query);
      millrace::StreamEnvironment env;
      env.SetParallelism(1 + static_cast<int>(random.Uniform(2)));
      CheckSink engine, hand;
      ASSERT_TRUE(BuildQuery(query, config, env, engine));
      const millrace::JobResult result = env.Run(query);
      ASSERT_TRUE(result.status.ok()) << result.status.ToString();
      auto out = hand.CreateWriter({});
      ASSERT_TRUE(RunByHand(query, config.generator, out));
      out.Close();
      EXPECT_EQ(engine.shared->table.rows(), hand.shared->table.rows());
      EXPECT_EQ(engine.shared->table.checksum(), hand.shared->table.checksum());
      EXPECT_NE(engine.shared->table.checksum(), before[query]);
      before[query] = engine.shared->table.checksum();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, NexmarkResults,
    testing::Values(Case{"expected_100K_tps2K.csv", 1}, Case{"expected_100K_tps2K.csv", 2},
                    Case{"expected_100K_tps2K.csv", 4}, Case{"expected_500K_tps1K.csv", 1},
                    Case{"expected_500K_tps1K.csv", 2}, Case{"expected_500K_tps1K.csv", 4},
                    Case{"expected_1M.csv", 1}, Case{"expected_1M.csv", 2},
                    Case{"expected_1M.csv", 4}, Case{"expected_3M.csv", 2}));

}  // namespace
}  // namespace nexmark
