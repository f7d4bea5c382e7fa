// Jobs as processes that are killed with SIGKILL at random times and started again, under other settings too, while somebody
// reads what they have finished: in the end that is what a run without faults gives. In small what chaos_runner does.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "tests/chaos/runner/chaos_run.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using chaos::ChaosOrder;

/// A second and a half of records.
ChaosOrder SmallOrder(std::uint64_t seed) {
  ChaosOrder order;
  order.seed = seed;
  order.records = 6000;
  order.rate = 4000;
  order.programs = CHAOS_PROGRAMS;
  return order;
}

/// Adds the files that its restores took from local copies.
void IsExact(ChaosOrder order, std::int64_t* local_files = nullptr) {
  SCOPED_TRACE("seed " + std::to_string(order.seed) + ", job " + order.job);
  char folder[] = "/tmp/millrace-chaos-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  order.folder = folder;
  const chaos::ChaosResult result = chaos::RunChaos(order, /*loud=*/true);
  for (const std::string& fault : result.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(result.verdict.lost, 0);
  EXPECT_EQ(result.verdict.duplicated, 0);
  EXPECT_EQ(result.verdict.out_of_order, 0);
  EXPECT_EQ(result.kills, order.kills);
  EXPECT_EQ(result.kill_alls, order.kill_alls);
  if (local_files != nullptr) *local_files += result.local_files;
  if (::testing::Test::HasFailure()) FAIL() << "all of it is in " << folder;
  std::filesystem::remove_all(folder);
}

TEST(Kill, AProcessThatDiesIsStartedAgainAndNothingIsLostOrRepeated) {
  for (const std::uint64_t seed : test_support::Seeds(1, 2)) {
    ChaosOrder order = SmallOrder(seed);
    order.workers = 0;
    order.kill_alls = 4;
    order.interval = "10ms";
    order.unaligned = seed % 2 == 0;
    IsExact(order);
  }
}

TEST(Kill, WorkersThatDieGoOnFromLocalCopiesSomeOfWhichAreDamaged) {
  std::int64_t local_files = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 2)) {
    ChaosOrder order = SmallOrder(seed);
    order.workers = 3;
    order.kills = 3;
    order.kill_alls = 2;
    order.interval = "20ms";
    order.unaligned = seed % 2 == 0;
    order.local_copy = true;
    IsExact(order, &local_files);
  }
  EXPECT_GT(local_files, 0);
}

/// All jobs of the runner that this build has.
const std::vector<std::string> kJobs = {"all_features",
#ifdef CHAOS_QUERIES
                                        "q4",           "q5", "q8", "q9",
                                        "q11",          "q17"
#endif
};

TEST(Kill, DrawnRunsWithWorkersAreExact) {
  for (const std::uint64_t seed : test_support::Seeds(1 + std::random_device()() % 1000000, 3)) {
    Random random(seed);
    ChaosOrder order = SmallOrder(seed);
    order.job = kJobs[random.Uniform(random.Chance(0.4) ? 1 : kJobs.size())];
    if (order.job != "all_features") {
      order.records = 60000;
      order.rate = 40000;
    }
    order.unaligned = random.Chance(0.5);
    order.workers = 1 + static_cast<int>(random.Uniform(4));
    order.kills = 1 + static_cast<int>(random.Uniform(3));
    order.kill_alls = 1 + static_cast<int>(random.Uniform(2));
    order.interval = "20ms";
    order.local_copy = random.Chance(0.5);
    IsExact(order);
  }
}

}  // namespace
}  // namespace millrace
