// Jobs with checkpoints that are killed at random steps of the seeded driver, lose what was not synced, and are run again, at
// another parallelism too: what is committed in the end is what a run without faults gives.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "millrace/millrace.h"
#include "millrace/testing/test_cluster.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using chaos::Build;
using chaos::Oracle;
using chaos::OracleSink;
using chaos::Shape;

/// What a run without faults commits, by the engine itself.
std::map<std::string, int> Expected(const Shape& shape) {
  Oracle oracle;
  const auto result = testing::TestCluster::Seeded(1).Run(
      [&](StreamEnvironment& env) { Build(env, shape, OracleSink(&oracle)); });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

/// The folder that has the newest checkpoint; "" when there is none.
std::string WithNewest(MemoryFileSystem& files) {
  std::int64_t newest = 0;
  std::string found;
  for (const char* folder : {"one", "two"}) {
    const auto manifests = ListManifests(files, folder);
    if (!manifests.ok() || manifests.value().empty()) continue;
    if (manifests.value().rbegin()->first <= newest) continue;
    newest = manifests.value().rbegin()->first;
    found = folder;
  }
  return found;
}
void Remove(MemoryFileSystem& files, const std::string& folder) {
  for (const std::string& path : files.paths()) {
    if (path.starts_with(folder + "/")) EXPECT_TRUE(files.Remove(path).ok());
  }
}

TEST(SeededChaos, WhatIsCommittedInTheEndIsThatOfARunWithoutFaults) {
  const Shape shape;
  const std::map<std::string, int> expected = Expected(shape);
  ASSERT_GT(expected.size(), 1000U);
  std::uint64_t kills = 0, seeds = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 30)) {
    ++seeds;
    Random random(seed);
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    Oracle oracle;
    for (int run = 0;; ++run) {
      ASSERT_LT(run, 1000) << "seed " << seed;
      const std::string name = "r" + std::to_string(run);
      auto cluster = testing::TestCluster::Seeded(random.Uniform(1 << 30))
                         .Parallelism(1 + static_cast<int>(random.Uniform(3)))
                         .Option("batch.rows", std::to_string(1 + random.Uniform(60)))
                         .Option("exchange", random.Chance(0.5) ? "local" : "serialized")
                         .Option("test.run", name)
                         .Option("checkpoint.interval", "20ms")
                         .Option("checkpoint.timeout", random.Chance(0.3) ? "5ms" : "1s")
                         .Option("checkpoint.tolerable-failures", "1000000")
                         .Option("checkpoint.pause", random.Chance(0.3) ? "1ms" : "0ms")
                         .Option("checkpoint.max-concurrent", std::to_string(1 + random.Uniform(2)))
                         .Option("checkpoint.retain", std::to_string(1 + random.Uniform(3)));
      // Now and then it moves to the other folder, and the one that it came from is lost then.
      const std::string from = WithNewest(files);
      if (!from.empty()) cluster = cluster.Restore("memory://" + from);
      const std::string to = random.Chance(0.3) == (from == "one") ? "two" : "one";
      if (from == to) Remove(files, from == "one" ? "two" : "one");
      cluster = cluster.Option("checkpoint.dir", "memory://" + to);
      const bool last = run == 20;
      if (!last) {
        cluster = cluster.Option(
            "test.crash",
            std::to_string(1 + random.Uniform(std::uint64_t{1} << (4 + random.Uniform(12)))));
      }
      const JobResult result =
          cluster.Run([&](StreamEnvironment& env) { Build(env, shape, OracleSink(&oracle)); });
      if (result.status.ok()) break;
      ASSERT_EQ(result.status.code(), StatusCode::kAborted)
          << "seed " << seed << ": " << result.status;
      ASSERT_NE(result.status.message().find("test.crash"), std::string::npos)
          << "seed " << seed << ": " << result.status;
      ++kills;
      files.Crash();
    }
    for (const auto& [row, count] : oracle.rows()) {
      const auto at = expected.find(row);
      ASSERT_TRUE(at != expected.end())
          << "seed " << seed << ": a row too many: " << row << " of" << oracle.from(row);
      EXPECT_EQ(count, at->second) << "seed " << seed << ": " << row << " of" << oracle.from(row);
    }
    ASSERT_EQ(oracle.rows().size(), expected.size()) << "seed " << seed << ": rows are missing";
    RegisterFileSystem("memory", nullptr);
  }
  if (seeds >= 10) {  // not one that is looked into
    EXPECT_GT(kills, 2 * seeds);
  }
}

TEST(SeededChaos, ASinkThatPublishesOnceIsRefused) {
  MemoryFileSystem files;
  RegisterFileSystem("memory", &files);
  const JobResult result = testing::TestCluster::Seeded(1)
                               .Option("checkpoint.dir", "memory://chk")
                               .Option("checkpoint.interval", "1s")
                               .Run([](StreamEnvironment& env) {
                                 env.FromCollection("words", std::vector<std::string>{"a"})
                                     .SinkTo("files", TextFileSink("/nonexistent/never"));
                               });
  RegisterFileSystem("memory", nullptr);
  EXPECT_EQ(result.status.code(), StatusCode::kAborted);
  EXPECT_NE(result.status.message().find("can't take part in checkpoints"), std::string::npos)
      << result.status;
}

}  // namespace
}  // namespace millrace
