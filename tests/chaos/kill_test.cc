// The chaos job as a process with threads, killed with SIGKILL at random times and started again, at another parallelism too,
// while somebody reads what it has finished: in the end that is what a run without faults gives.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/testing/test_cluster.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/file_reader.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/child_job.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using chaos::Rows;

constexpr std::int64_t kRecords = 6000;
constexpr int kLook = 50;     // milliseconds between looks
constexpr int kRestores = 4;  // after so many a run is left alone

Rows Expected() {
  chaos::Oracle oracle;
  chaos::Shape shape;
  shape.records = kRecords;
  const auto result = testing::TestCluster::Seeded(1).Run([&](StreamEnvironment& env) {
    chaos::Build(env, shape, [&](const std::string&) { return chaos::OracleSink(&oracle); });
  });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

struct Folder {
  Folder() {
    char name[] = "/tmp/millrace-chaos-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  /// Those that a reader of the folder sees.
  std::map<std::string, std::string> FinishedFiles() const {
    std::map<std::string, std::string> files;
    if (!fs::exists(path / "out")) return files;
    for (const auto& entry : fs::recursive_directory_iterator(path / "out")) {
      if (!entry.is_regular_file() || entry.path().filename().string().starts_with('.')) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  }
  /// Of a job that has ended well: files of its id that are not finished.
  std::size_t Leftovers() const {
    const std::string newest = ManifestPath((path / "chk").string(), NewestCheckpoint());
    const std::string job = ReadManifest(LocalFileSystem(), newest).value().job_id;
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path / "out"))
      count += entry.path().string().find("." + job + ".") == std::string::npos ? 0 : 1;
    return count;
  }
  /// Its id; 0 when there is none.
  std::int64_t NewestCheckpoint() const {
    const auto found = ListManifests(LocalFileSystem(), (path / "chk").string());
    return !found.ok() || found.value().empty() ? 0 : found.value().rbegin()->first;
  }
  /// Before, the job's source has no end: what has to be killed in time is there to be killed.
  void LetTheJobEnd() const { std::ofstream(path / "faults_done"); }
  fs::path path;
};

TEST(Kill, ReadersOfItsFilesSeeWhatARunWithoutFaultsWrites) {
  const Rows expected = Expected();
  ASSERT_GT(expected.size(), 3000U);
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    Random random(seed);
    const Folder folder;
    chaos::FileReader reader(&expected);
    int restored = 0, patience = 400;  // milliseconds
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
      const std::uint64_t looks = random.Uniform(static_cast<std::uint64_t>(patience)) / kLook;
      const bool spared = restored >= kRestores;
      if (spared) folder.LetTheJobEnd();
      bool ended = false;
      for (std::uint64_t i = 0; !ended && (i < looks || spared); ++i) {
        ended = job.EndsWithin(kLook);
        reader.Look(folder.FinishedFiles());
      }
      if (!ended) job.Signal(SIGKILL);
      const int code = job.End();
      reader.Look(folder.FinishedFiles());
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", run " << run << " in " << folder.path;
      if (code == 0) break;
      ASSERT_TRUE(!ended && code == -SIGKILL)
          << "seed " << seed << ", run " << run << " ended with " << code << ": " << job.said();
      // A machine that has come to no checkpoint is given more time.
      if (folder.NewestCheckpoint() == before) patience *= 2;
    }
    EXPECT_EQ(restored, kRestores) << "seed " << seed;
    EXPECT_EQ(reader.rows(), expected) << "seed " << seed << ": rows are missing";
    EXPECT_EQ(folder.Leftovers(), 0U) << "seed " << seed;
  }
}

/// Kills workers of a job at random times, the master and with it all of them now and then, `kills` times in all, and looks
/// at the finished files all the while.
void RunWithWorkers(std::uint64_t seed, const Folder& folder, int kills,
                    chaos::FileReader* reader) {
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
    if (random.Chance(0.5)) {
      arguments.insert(arguments.end(), {"-D", "checkpoint.mode=unaligned"});
    }
    if (folder.NewestCheckpoint() > 0) arguments.push_back("--restore=" + checkpoints);
    ChildJob job(CHAOS_JOB, "", arguments);
    bool all = false;
    while (!all && !job.EndsWithin(20 + static_cast<int>(random.Uniform(200)))) {
      reader->Look(folder.FinishedFiles());
      if (kills == 0) folder.LetTheJobEnd();
      const std::vector<pid_t> workers = job.Children();
      if (kills == 0 || workers.empty()) continue;
      --kills;
      all = random.Uniform(4) == 0;
      if (all) {
        job.Signal(SIGKILL);
      } else {
        kill(workers[random.Uniform(workers.size())], SIGKILL);
      }
    }
    const int code = job.End();
    reader->Look(folder.FinishedFiles());
    if (code == 0) break;
    ASSERT_TRUE(all && code == -SIGKILL)
        << "seed " << seed << ", run " << run << " ended with " << code << ": " << job.said();
  }
  EXPECT_EQ(kills, 0) << "seed " << seed;
}

TEST(Kill, WorkersThatDieAreStartedAgainAndNothingIsLostOrRepeated) {
  const Rows expected = Expected();
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    const Folder folder;
    chaos::FileReader reader(&expected);
    RunWithWorkers(seed, folder, 5, &reader);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << " in " << folder.path;
    EXPECT_EQ(reader.rows(), expected) << "seed " << seed << ": rows are missing";
    EXPECT_EQ(folder.Leftovers(), 0U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace
