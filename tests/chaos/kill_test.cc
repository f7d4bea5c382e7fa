// The chaos job as a process with threads, killed with SIGKILL at random times and started again, at another parallelism too:
// what is committed in the end is what a run without faults gives.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/testing/test_cluster.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/child_job.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using Rows = std::map<std::string, int>;

constexpr std::int64_t kRecords = 6000;

Rows Expected() {
  chaos::Oracle oracle;
  const auto result = testing::TestCluster::Seeded(1).Run([&](StreamEnvironment& env) {
    chaos::Build(env, {kRecords, 3, 0}, chaos::OracleSink(&oracle));
  });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

struct Folder {
  Folder() {
    char name[] = "/tmp/millrace-chaos-XXXXXX";
    path = mkdtemp(name);
    for (const char* part : {"open", "done"}) fs::create_directory(path / part);
  }
  ~Folder() { fs::remove_all(path); }
  Rows Committed() const {
    Rows rows;
    for (const auto& entry : fs::directory_iterator(path / "done")) {
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) ++rows[line];
    }
    return rows;
  }
  /// Its id; 0 when there is none.
  std::int64_t NewestCheckpoint() const {
    const auto found = ListManifests(LocalFileSystem(), (path / "chk").string());
    return !found.ok() || found.value().empty() ? 0 : found.value().rbegin()->first;
  }
  fs::path path;
};

TEST(Kill, WhatIsCommittedInTheEndIsThatOfARunWithoutFaults) {
  const Rows expected = Expected();
  ASSERT_GT(expected.size(), 3000U);
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    Random random(seed);
    const Folder folder;
    int kills = 0, restored = 0, patience = 400;  // milliseconds
    for (int run = 0;; ++run) {
      ASSERT_LT(run, 40) << "seed " << seed << " in " << folder.path;
      const std::int64_t before = folder.NewestCheckpoint();
      restored += before > 0 ? 1 : 0;
      const std::string checkpoints = (folder.path / "chk").string();
      std::vector<std::string> arguments = {
          folder.path,
          std::to_string(kRecords),
          "4000",
          "--parallelism",
          std::to_string(1 + random.Uniform(3)),
          "-D",
          "checkpoint.dir=" + checkpoints,
          "-D",
          "checkpoint.interval=10ms",
          "-D",
          "checkpoint.max-concurrent=" + std::to_string(1 + random.Uniform(2))};
      if (before > 0) arguments.push_back("--restore=" + checkpoints);
      ChildJob job(CHAOS_JOB, "", arguments);
      const bool killed =
          restored < 8 &&
          !job.EndsWithin(1 +
                          static_cast<int>(random.Uniform(static_cast<std::uint64_t>(patience))));
      if (killed) job.Signal(SIGKILL);
      kills += killed ? 1 : 0;
      const int code = job.End();
      if (code == 0) break;
      ASSERT_TRUE(killed && code == -SIGKILL)
          << "seed " << seed << ", run " << run << " ended with " << code << ": " << job.said();
      // A machine that has come to no checkpoint is given more time.
      if (folder.NewestCheckpoint() == before) patience *= 2;
    }
    EXPECT_GT(kills, 2) << "seed " << seed;
    EXPECT_GT(restored, 1) << "seed " << seed;
    const Rows committed = folder.Committed();
    for (const auto& [row, count] : committed) {
      ASSERT_TRUE(expected.count(row) != 0) << "seed " << seed << ": a row too many: " << row;
      ASSERT_EQ(count, expected.at(row)) << "seed " << seed << ": " << row;
    }
    ASSERT_EQ(committed.size(), expected.size()) << "seed " << seed << ": rows are missing";
  }
}

/// Kills workers of a job at random times, the master and with it all of them now and then, until `kills` have died.
void RunWithWorkers(std::uint64_t seed, const Folder& folder, int kills) {
  Random random(seed);
  for (int run = 0;; ++run) {
    ASSERT_LT(run, 20) << "seed " << seed << " in " << folder.path;
    const std::string checkpoints = (folder.path / "chk").string();
    std::vector<std::string> arguments = {folder.path,
                                          std::to_string(kRecords),
                                          "4000",
                                          "--parallelism",
                                          std::to_string(1 + random.Uniform(4)),
                                          "--workers",
                                          std::to_string(1 + random.Uniform(4)),
                                          "-D",
                                          "checkpoint.dir=" + checkpoints,
                                          "-D",
                                          "checkpoint.interval=20ms"};
    if (folder.NewestCheckpoint() > 0) arguments.push_back("--restore=" + checkpoints);
    ChildJob job(CHAOS_JOB, "", arguments);
    bool all = false;
    while (!all && !job.EndsWithin(20 + static_cast<int>(random.Uniform(200)))) {
      if (kills == 0) continue;
      const std::vector<pid_t> workers = job.Children();
      if (workers.empty()) continue;
      --kills;
      all = random.Uniform(4) == 0;
      if (all) {
        job.Signal(SIGKILL);
      } else {
        kill(workers[random.Uniform(workers.size())], SIGKILL);
      }
    }
    const int code = job.End();
    if (code == 0) break;
    ASSERT_TRUE(all && code == -SIGKILL)
        << "seed " << seed << ", run " << run << " ended with " << code << ": " << job.said();
  }
  EXPECT_LT(kills, 4) << "seed " << seed;
}

TEST(Kill, WorkersThatDieAreStartedAgainAndNothingIsLostOrRepeated) {
  const Rows expected = Expected();
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    const Folder folder;
    RunWithWorkers(seed, folder, 6);
    if (HasFatalFailure()) return;
    const Rows committed = folder.Committed();
    for (const auto& [row, count] : committed) {
      ASSERT_TRUE(expected.count(row) != 0) << "seed " << seed << ": a row too many: " << row;
      ASSERT_EQ(count, expected.at(row)) << "seed " << seed << ": " << row;
    }
    ASSERT_EQ(committed.size(), expected.size()) << "seed " << seed << ": rows are missing";
  }
}

}  // namespace
}  // namespace millrace
