// Jobs with checkpoints that are killed at random steps of the seeded driver, lose what was not synced, and are run again, at
// another parallelism too: what is committed in the end is what a run without faults gives. 2,000 crash points a run, each of them again with
// the seed that a failure names: MILLRACE_SEEDS=0@SEED.
#include <gtest/gtest.h>

#include <cstdio>
#include <iterator>
#include <map>
#include <string>

#include "millrace/millrace.h"
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

using chaos::Build;
using chaos::JobId;
using chaos::Oracle;
using chaos::OracleSink;
using chaos::Remove;
using chaos::Rows;
using chaos::Shape;
using chaos::WithNewest;

/// What a run without faults commits, by the engine itself.
Rows Expected(const Shape& shape) {
  Oracle oracle;
  const auto result = testing::TestCluster::Seeded(1).Run([&](StreamEnvironment& env) {
    Build(env, shape, [&](const std::string&) { return OracleSink(&oracle); });
  });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

// No packs, some, and next to all that tasks write in packs.
constexpr const char* kPackBelow[] = {"0", "300", "16KiB"};

/// The local copies of the snapshots, on a disk of the machine: a death leaves them as far as they have come there, damaged here and there.
class LocalDisk {
 public:
  LocalDisk(std::uint64_t seed, MemoryFileSystem* files) : random_(seed), files_(files) {}

  testing::TestCluster Draw(const testing::TestCluster& cluster) {
    return random_.Chance(0.6) ? cluster.Option("checkpoint.local-copy", "memory://fast") : cluster;
  }
  void BeforePowerIsLost() {
    if (random_.Chance(0.8)) files_->WriteBack("fast");
  }
  void AfterPowerIsLost() {
    if (random_.Chance(0.4)) return;
    for (const std::string& path : files_->paths()) {
      if (!path.starts_with("fast/") || random_.Chance(0.7)) continue;
      std::string& bytes = *files_->Bytes(path);
      if (bytes.empty() || random_.Chance(0.3)) {
        EXPECT_TRUE(files_->Remove(path).ok());
      } else if (random_.Chance(0.3)) {
        bytes.resize(random_.Uniform(bytes.size()));
      } else {
        char& byte = bytes[random_.Uniform(bytes.size())];
        byte = static_cast<char>(byte ^ (1 << random_.Uniform(8)));
      }
    }
  }

 private:
  Random random_;
  MemoryFileSystem* files_;
};

constexpr char kPlanted[] = "a planted fault";
constexpr int kLastRun = 30;

// So many seeds that runs die at 2,000 points. A sanitizer sees little more in one thread.
constexpr std::uint64_t kSeeds = MILLRACE_ASAN || MILLRACE_TSAN ? 15 : 190;
constexpr std::uint64_t kFileSeeds = MILLRACE_ASAN || MILLRACE_TSAN ? 3 : 20;
// On average, and at least.
constexpr std::uint64_t kPointsOfSeed = 9, kPointsOfFileSeed = 20;

/// The points at which runs have died.
struct Crashes {
  std::uint64_t points = 0;
  std::uint64_t restored = 0;  // of those: in a run that had gone on from a checkpoint
  std::uint64_t seeds = 0;
  // Files that restores have read: from local copies, and from storage beside such.
  std::uint64_t local = 0, mixed = 0;

  void Say() const {
    std::printf("%s crash points, %s of them behind a restore, of %s seeds\n",
                std::to_string(points).c_str(), std::to_string(restored).c_str(),
                std::to_string(seeds).c_str());
    std::printf("%s files restored from local copies, beside them %s from storage\n",
                std::to_string(local).c_str(), std::to_string(mixed).c_str());
  }
  void Count(const JobResult& result) {
    if (result.checkpoints == nullptr || result.checkpoints->local_files == 0) return;
    local += result.checkpoints->local_files;
    mixed += result.checkpoints->storage_files;
  }
};
/// The turn in which a run dies. Most die early, where a run has cost little; some come far.
std::uint64_t DrawCrash(Random& random) {
  const std::uint64_t exponent =
      random.Chance(0.9) ? 4 + random.Uniform(8) : 12 + random.Uniform(4);
  return 1 + random.Uniform(std::uint64_t{1} << exponent);
}

/// Runs the job again and again until it ends well, each time from where the one before was when it died; the last time it is
/// left alone. Now and then one that `moves` goes on in the other folder, and the one that it came from is lost then.
/// `sinks(name)` gives its sinks; `on_death()` is called when what was not synced is lost.
template <class OnDeath>
void RunUntilItEnds(const Shape& shape, Random& random, MemoryFileSystem& files, bool moves,
                    const chaos::Sinks& sinks, OnDeath on_death, Crashes* crashes) {
  ++crashes->seeds;
  LocalDisk disk(random.Uniform(1 << 30), &files);
  for (int run = 0;; ++run) {
    auto cluster =
        testing::TestCluster::Seeded(random.Uniform(1 << 30))
            .Parallelism(1 + static_cast<int>(random.Uniform(3)))
            .Option("batch.rows", std::to_string(1 + random.Uniform(60)))
            .Option("exchange", random.Chance(0.5) ? "local" : "serialized")
            .Option("test.run", "r" + std::to_string(run))
            .Option("checkpoint.interval", "20ms")
            .Option("checkpoint.timeout", random.Chance(0.3) && run < kLastRun ? "5ms" : "1s")
            .Option("checkpoint.tolerable-failures", "1000000")
            .Option("checkpoint.pause", random.Chance(0.3) ? "1ms" : "0ms")
            .Option("checkpoint.max-concurrent", std::to_string(1 + random.Uniform(2)))
            .Option("checkpoint.compression", random.Chance(0.3) ? "zstd" : "none")
            .Option("checkpoint.retain", std::to_string(1 + random.Uniform(3)))
            .Option("checkpoint.pack-below", kPackBelow[random.Uniform(std::size(kPackBelow))]);
    if (random.Chance(0.6)) {
      const std::string after = std::to_string(random.Chance(0.7) ? 0 : random.Uniform(20)) + "ms";
      cluster = cluster.Option("checkpoint.mode", "unaligned")
                    .Option("checkpoint.alignment-timeout", after);
    }
    cluster = disk.Draw(cluster);
    const std::string from = WithNewest(files);
    if (!from.empty()) cluster = cluster.Restore("memory://" + from);
    const std::string to = (moves && random.Chance(0.3)) == (from == "one") ? "two" : "one";
    if (from == to) Remove(files, from == "one" ? "two" : "one");
    cluster = cluster.Option("checkpoint.dir", "memory://" + to);
    if (run == kLastRun) {
      files.FailWhere(nullptr);
    } else {
      cluster = cluster.Option("test.crash", std::to_string(DrawCrash(random)));
    }
    const JobResult result = cluster.Run([&](StreamEnvironment& env) { Build(env, shape, sinks); });
    crashes->Count(result);
    if (result.status.ok()) return;
    const std::string& why = result.status.message();
    EXPECT_TRUE(why.find("test.crash") != std::string::npos ||
                why.find(kPlanted) != std::string::npos)
        << why;
    ++crashes->points;
    crashes->restored += from.empty() ? 0 : 1;
    disk.BeforePowerIsLost();
    files.Crash();
    disk.AfterPowerIsLost();
    on_death();
    if (run == kLastRun || ::testing::Test::HasFailure()) return;
  }
}

TEST(SeededChaos, WhatIsCommittedInTheEndIsThatOfARunWithoutFaults) {
  const Shape shape;
  const Rows expected = Expected(shape);
  ASSERT_GT(expected.size(), 1000U);
  Crashes crashes;
  for (const std::uint64_t seed : test_support::Seeds(1, kSeeds)) {
    Random random(seed);
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    Oracle oracle;
    RunUntilItEnds(
        shape, random, files, /*moves=*/true,
        [&](const std::string&) { return OracleSink(&oracle); }, [] {}, &crashes);
    RegisterFileSystem("memory", nullptr);
    for (const auto& [row, count] : oracle.rows()) {
      const auto at = expected.find(row);
      ASSERT_TRUE(at != expected.end())
          << "seed " << seed << ": a row too many: " << row << " of" << oracle.from(row);
      EXPECT_EQ(count, at->second) << "seed " << seed << ": " << row << " of" << oracle.from(row);
    }
    ASSERT_EQ(oracle.rows().size(), expected.size()) << "seed " << seed << ": rows are missing";
  }
  crashes.Say();
  if (crashes.seeds >= 100) {  // not one that is looked into
    EXPECT_GT(crashes.points, kPointsOfSeed * crashes.seeds);
    EXPECT_GT(crashes.restored, crashes.points / 2);
    EXPECT_GT(crashes.local, 10 * crashes.seeds);
    EXPECT_GT(crashes.mixed, crashes.seeds);
  }
}

/// No task passes over one of two whose barriers have both come: nobody would give it up, and the job could not end.
TEST(SeededChaos, OfTwoUnalignedCheckpointsUnderWayBothComeToTheirEnd) {
  std::uint64_t completed = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 10)) {
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    Oracle oracle;
    const JobResult result =
        testing::TestCluster::Seeded(seed)
            .Parallelism(3)
            .Option("batch.rows", "10")
            .Option("checkpoint.dir", "memory://chk")
            .Option("checkpoint.interval", "1ms")
            .Option("checkpoint.max-concurrent", "2")
            .Option("checkpoint.mode", "unaligned")
            .Run([&](StreamEnvironment& env) {
              Build(env, {}, [&](const std::string&) { return OracleSink(&oracle); });
            });
    RegisterFileSystem("memory", nullptr);
    ASSERT_TRUE(result.status.ok()) << "seed " << seed << ": " << result.status;
    EXPECT_EQ(result.checkpoints->failed, 0U) << "seed " << seed;
    completed += result.checkpoints->completed;
  }
  EXPECT_GT(completed, 50U);
}

/// Those that a reader of the folder `out` sees.
std::map<std::string, std::string> FinishedFiles(MemoryFileSystem& files) {
  std::map<std::string, std::string> finished;
  for (const std::string& path : files.paths()) {
    if (path.starts_with("out/") && path[path.rfind('/') + 1] != '.')
      finished[path] = *files.Bytes(path);
  }
  return finished;
}

TEST(SeededChaos, ReadersOfFilesSeeWhatARunWithoutFaultsWrites) {
  const Shape shape;
  const Rows expected = Expected(shape);
  Crashes crashes;
  std::uint64_t faults = 0, looks = 0;
  for (const std::uint64_t seed : test_support::Seeds(1001, kFileSeeds)) {
    Random random(seed);
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    chaos::FileReader reader(&expected);
    Random faulty(seed + 1);
    files.FailWhere([&](const std::string&, const std::string& path) {
      if (!path.starts_with("out")) return Status::Ok();
      if (faulty.Uniform(50) == 0) reader.Look(FinishedFiles(files));  // while the job runs
      if (faulty.Uniform(500) != 0) return Status::Ok();
      ++faults;
      return Status::Unavailable(kPlanted);
    });
    std::string job;
    const auto look = [&] {
      reader.Look(FinishedFiles(files));
      if (job.empty()) job = JobId(files);
      EXPECT_EQ(JobId(files), job) << "the job has become another one";
    };
    const auto folder = [](const std::string& sink) {
      return TextFileSink("memory://out/" + sink);
    };
    const bool buckets = random.Chance(0.5);
    RunUntilItEnds(
        shape, random, files, /*moves=*/false,
        [&](const std::string& sink) -> chaos::LineSink {
          if (!buckets) return folder(sink).RollAt(300);
          return folder(sink).RollAfter(Duration(5)).Buckets(&chaos::BucketOf);
        },
        look, &crashes);
    look();
    RegisterFileSystem("memory", nullptr);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    ASSERT_EQ(reader.rows(), expected) << "seed " << seed << ": rows are missing";
    looks += static_cast<std::uint64_t>(reader.looks());
    for (const std::string& path : files.paths()) {
      EXPECT_EQ(path.find("." + job + "."), std::string::npos)
          << "seed " << seed << ": left behind: " << path;
    }
  }
  crashes.Say();
  if (crashes.seeds >= 20) {
    EXPECT_GT(crashes.points, kPointsOfFileSeed * crashes.seeds);
    EXPECT_GT(faults, crashes.seeds / 2);
    EXPECT_GT(looks, 20 * crashes.seeds);
  }
}

}  // namespace
}  // namespace millrace
