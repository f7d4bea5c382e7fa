// Every fail point, hit alone and twice in a row: the process dies there, or the step fails. Under the seeded driver, and with real
// processes where only these come; what is in finished files in the end is what a run without faults writes.
#include "src/base/fail_point.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "millrace/millrace.h"
#include "millrace/testing/test_cluster.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/folder_care.h"
#include "tests/chaos/file_reader.h"
#include "tests/support/child_job.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using chaos::Rows;
using Can = FailPointInfo::Can;
using Where = FailPointInfo::Where;

struct Item {
  std::int64_t key = 0;
  std::int64_t time = 0;
};
MILLRACE_RECORD(Item, key, time);

/// Counts a key's records of each 100 ms.
struct Counting : KeyedProcessFunction<std::int64_t, Item, std::string> {
  SortedMapState<std::int64_t, std::int64_t> counts{this, "counts"};
  void ProcessElement(const Item& item, Context& ctx, Collector<std::string>&) {
    const std::int64_t end = item.time / 100 * 100 + 100;
    counts.Mutable(end) += 1;
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(end - 1));
  }
  void OnTimer(EventTime time, Context& ctx, Collector<std::string>& out) {
    const std::int64_t end = time.millis() + 1;
    out.Emit(std::to_string(ctx.Key()) + "|" + std::to_string(end) + "|" +
             std::to_string(*counts.Get(end)));
    counts.Erase(end);
  }
};

void Build(StreamEnvironment& env) {
  env.FromSource(
         "items",
         Generate([](std::int64_t i) { return Item{i * 7 % 13, i * 3}; }).Count(1500).Splits(2),
         WatermarkStrategy<Item>::Monotonous().WithTimestamp(&Item::time, Unit::kMilliseconds))
      .KeyBy(&Item::key)
      .Process("counting", Counting{})
      .SinkTo("rows", TextFileSink("memory://out").RollAt(200));
}

void AddLines(const std::string& bytes, Rows* rows) {
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) ++(*rows)[line];
}

/// What happens at a point.
struct Step {
  FailPoint point;
  bool dies;
};

/// Takes the steps, each when its point is reached first behind the one before it; in between nothing that the process does has an effect, if it is
/// dead: its files are all there is outside of it.
class Hits final : public FailPlan {
 public:
  Hits(std::vector<Step> steps, MemoryFileSystem* files) : steps_(std::move(steps)) {
    files->FailWhere([this](const std::string& operation, const std::string& path) {
      if (dead_) return Status::Unavailable("the process is dead");
      const bool of_checkpoint = operation == "sync" && path.starts_with("chk/tasks");
      if (!done() && steps_[next_].point == FailPoint::kCheckpointAbort && of_checkpoint &&
          ++syncs_ % 9 == 0)
        return Status::Unavailable("planted: the checkpoint fails");
      return Status::Ok();
    });
    ArmFailPoints(this);
  }
  ~Hits() override { ArmFailPoints(nullptr); }

  Status Reached(FailPoint point) override {
    if (dead_) return Status::Unavailable("the process is dead");
    if (done() || point != steps_[next_].point) return Status::Ok();
    dead_ = steps_[next_++].dies;
    return Status::Unavailable("hit");
  }
  /// Another process begins.
  void Resurrect() { dead_ = false; }
  bool done() const { return next_ == steps_.size(); }
  bool dead() const { return dead_; }

 private:
  const std::vector<Step> steps_;
  std::size_t next_ = 0;
  bool dead_ = false;
  int syncs_ = 0;
};

// No packs, some, and packs alone.
constexpr const char* kPackBelow[] = {"0", "300", "16KiB"};

/// A job on files in memory that is started until it ends well.
class Seeded {
 public:
  Seeded() { RegisterFileSystem("memory", &files); }
  ~Seeded() { RegisterFileSystem("memory", nullptr); }

  /// `aborts`: checkpoints fail by and by. `crash`: it ends in that turn.
  JobResult Run(std::uint64_t seed, bool aborts, int crash = 0) {
    auto cluster = testing::TestCluster::Seeded(seed)
                       .Parallelism(2)
                       .Option("batch.rows", "5")
                       .Option("test.run", "r" + std::to_string(++runs_))
                       .Option("checkpoint.dir", "memory://chk")
                       .Option("checkpoint.interval", "1ms")
                       .Option("checkpoint.mode", seed % 2 == 0 ? "aligned" : "unaligned")
                       .Option("checkpoint.retain", "1")
                       .Option("checkpoint.pack-below", kPackBelow[seed % std::size(kPackBelow)])
                       .Option("checkpoint.tolerable-failures", aborts ? "20" : "0");
    if (seed % 4 != 0)  // it is started again in the same process
      cluster = cluster.Option("restart-strategy.type", "fixed-delay")
                    .Option("restart-strategy.fixed-delay.attempts", "2")
                    .Option("restart-strategy.fixed-delay.delay", "1ms");
    if (seed % 3 != 0) cluster = cluster.Option("checkpoint.local-copy", "memory://fast");
    if (crash > 0) cluster = cluster.Option("test.crash", std::to_string(crash));
    if (HasCheckpoint()) cluster = cluster.Restore("memory://chk");
    return cluster.Run(&Build);
  }
  bool HasCheckpoint() {
    const auto found = ListManifests(files, "chk");
    return found.ok() && !found.value().empty();
  }
  Rows Finished() {
    Rows rows;
    for (const std::string& path : files.paths()) {
      if (path.starts_with("out/") && path[path.rfind('/') + 1] != '.')
        AddLines(*files.Bytes(path), &rows);
    }
    return rows;
  }
  MemoryFileSystem files;

 private:
  int runs_ = 0;
};

/// What a run without faults writes.
const Rows& Expected() {
  static const Rows rows = [] {
    Seeded job;
    EXPECT_TRUE(job.Run(1, false).status.ok());
    return job.Finished();
  }();
  return rows;
}

struct Order {
  std::vector<Step> steps;
  bool power;  // is lost when it dies: also what was not synced

  static Order Of(FailPoint point, bool dies, int times, bool power) {
    return {std::vector<Step>(static_cast<std::size_t>(times), Step{point, dies}), power};
  }
  std::string ToString() const {
    std::string text;
    for (const Step& step : steps) {
      text += AllFailPoints()[static_cast<std::size_t>(step.point)].name;
      text += step.dies ? " dies, " : " fails, ";
    }
    return text + (power ? "power is lost" : "no power is lost");
  }
};

/// Runs the job until it ends well, and compares. False when it did not come to the point so often.
bool HitWith(const Order& order, std::uint64_t seed) {
  const Rows& expected = Expected();
  Seeded job;
  // What can be restored is there first.
  const FailPoint first = order.steps[0].point;
  const bool restores = first >= FailPoint::kRestoreOpen && first <= FailPoint::kRestoreInFlight;
  for (int turns = 100; restores && !job.HasCheckpoint(); turns += 100) {
    if (job.Run(seed, false, turns).status.ok()) return false;
  }
  Hits hits(order.steps, &job.files);
  const bool aborts = first == FailPoint::kCheckpointAbort;
  for (int run = 0;; ++run) {
    const JobResult result = job.Run(seed + 1000 * static_cast<std::uint64_t>(run), aborts);
    if (result.status.ok() && !hits.dead()) break;
    EXPECT_LT(run, 10) << result.status;
    if (run == 10) return true;
    const bool was_dead = hits.dead();
    hits.Resurrect();
    // Who is killed loses nothing by that. Power may be lost later.
    if (was_dead && (order.power || run > 0)) job.files.Crash();
  }
  EXPECT_EQ(job.Finished(), expected);
  const auto found = ScrubCheckpoints(job.files, "chk");
  EXPECT_TRUE(found.ok()) << found.status();
  for (const auto& checkpoint : found.value().checkpoints)
    EXPECT_TRUE(checkpoint.status.ok()) << checkpoint.id << ": " << checkpoint.status;
  return hits.done();
}

/// With one seed after the other, until some have come to the point.
void HitSeeded(const Order& order) {
  constexpr int kEnough = 3;
  constexpr std::uint64_t kMost = 40;
  int hit = 0;
  for (std::uint64_t seed = 1; hit < kEnough && seed < kMost; ++seed) {
    SCOPED_TRACE(order.ToString() + ", seed " + std::to_string(seed));
    hit += HitWith(order, seed) ? 1 : 0;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(hit, kEnough) << order.ToString() << ": it does not come there so often";
}

TEST(FailPoints, EachIsHitAloneAndTwiceInARowUnderTheSeededDriver) {
  ASSERT_GT(Expected().size(), 100U);
  for (const FailPointInfo& info : AllFailPoints()) {
    if (info.where != Where::kEverywhere) continue;
    for (const int times : {1, 2}) {
      HitSeeded(Order::Of(info.point, true, times, true));
      HitSeeded(Order::Of(info.point, true, times, false));
      if (info.can == Can::kFail) HitSeeded(Order::Of(info.point, false, times, false));
    }
  }
}

/// A step fails, the job is started again in the process, and dies before it has come to its next checkpoint.
TEST(FailPoints, WhoDiesBehindAFailedStepGoesOnFromWhatIsThere) {
  for (const FailPointInfo& info : AllFailPoints()) {
    if (info.where != Where::kEverywhere || info.can != Can::kFail) continue;
    HitSeeded({{{info.point, false}, {FailPoint::kManifestBegin, true}}, false});
  }
}

/// A folder for the files of jobs and of hits.
struct Folder {
  Folder() {
    char name[] = "/tmp/millrace-fail-point-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::vector<std::string> Arguments() const {
    const std::string checkpoints = (path / "chk").string();
    std::vector<std::string> arguments = {"all_features",
                                          path / "out",
                                          "1500",
                                          "0",
                                          "",
                                          "--workers",
                                          "2",
                                          "--parallelism",
                                          "2",
                                          "-D",
                                          "checkpoint.dir=" + checkpoints,
                                          "-D",
                                          "checkpoint.interval=20ms"};
    const auto found = ListManifests(LocalFileSystem(), checkpoints);
    if (found.ok() && !found.value().empty()) arguments.push_back("--restore=" + checkpoints);
    return arguments;
  }
  Rows Finished() const {
    Rows rows;
    for (const auto& entry : fs::recursive_directory_iterator(path / "out")) {
      if (!entry.is_regular_file() || entry.path().filename().string().starts_with('.')) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      AddLines({std::istreambuf_iterator<char>(in), {}}, &rows);
    }
    return rows;
  }
  fs::path path;
};

/// The chaos job with workers, started until it ends well; what it has written.
Rows RunWithWorkers(const std::string& fail_point, int times) {
  const Folder folder;
  std::string order = fail_point + ":" + std::to_string(times) + ":" + folder.path.string();
  for (int run = 0; run < 10; ++run) {
    ChildJob::Setting setting;
    if (!fail_point.empty()) setting.environment.push_back("MILLRACE_FAIL_POINT=" + order);
    ChildJob job(CHAOS_JOB, "", folder.Arguments(), setting);
    const int code = job.End();
    if (code != 0 && code != 1 && code != -SIGKILL) ADD_FAILURE() << code << ": " << job.said();
    if (code != 0) continue;
    for (int i = 0; i < times; ++i)
      EXPECT_TRUE(fs::exists(folder.path / ("hit-" + std::to_string(i)))) << "it was not reached";
    return folder.Finished();
  }
  ADD_FAILURE() << "it never ends well";
  return {};
}

TEST(FailPoints, EachOfProcessesIsHitAloneAndTwiceInARowWithWorkers) {
  const Rows expected = RunWithWorkers("", 0);
  ASSERT_GT(expected.size(), 1000U);
  for (const FailPointInfo& info : AllFailPoints()) {
    if (info.where != Where::kWorkers) continue;
    for (const int times : {1, 2}) {
      SCOPED_TRACE(std::string(info.name) + ", times " + std::to_string(times));
      const std::string name(info.name);
      EXPECT_EQ(RunWithWorkers(name + ":kill", times), expected) << "killed";
      if (info.can == Can::kFail) EXPECT_EQ(RunWithWorkers(name + ":fail", times), expected);
    }
  }
}

TEST(FailPoints, AMisspeltOrderIsRefused) {
  for (const std::string order : {"manifest.renam:kill:1:/tmp", "manifest.rename:die:1:/tmp",
                                  "manifest.rename:kill:x:/tmp", "manifest.rename:kill:1:", ""}) {
    ChildJob job(CHAOS_JOB, "", {}, {"", {"MILLRACE_FAIL_POINT=" + order}});
    EXPECT_EQ(job.End(), 2) << order;
    EXPECT_NE(job.said().find("is not NAME:kill|fail:TIMES:FOLDER"), std::string::npos) << order;
  }
}

/// docs/faults.md lists them: `| name | can | ...`.
TEST(FailPoints, AllAreDocumented) {
  std::ifstream page(MILLRACE_SOURCE_DIR "/docs/faults.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  std::size_t rows = 0;
  for (const FailPointInfo& info : AllFailPoints()) {
    const std::string row = "\n| `" + std::string(info.name) + "` | " +
                            (info.can == Can::kFail ? "dies, fails" : "dies") + " | " +
                            (info.where == Where::kWorkers ? "workers" : "all") + " | ";
    EXPECT_NE(text.find(row), std::string::npos) << row.substr(1);
  }
  for (std::size_t at = 0; (at = text.find(" | dies", at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, AllFailPoints().size()) << "there is one that is none";
}

}  // namespace
}  // namespace millrace
