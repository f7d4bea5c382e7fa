// What a complete checkpoint names is a whole snapshot of each task and all that were made of it since, whatever is given up,
// declined or lost on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "millrace/base/random.h"
#include "runtime/checkpoint/checkpoint_coordinator.h"
#include "runtime/checkpoint/pack/snapshot_pack.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

constexpr std::int64_t kMillis = 1000000;

/// A task, by the rules of TaskSnapshots: at most two snapshots are open, a whole one begins alone. The one block of each says of which
/// snapshot it has the changes since; 0: it is whole.
class ModelTask {
 public:
  ModelTask(int subtask, SnapshotUploads* uploads, CheckpointMail* mail)
      : id_{0, subtask}, uploads_(uploads), mail_(mail) {}

  void Step(Random& random) {
    if (mail_->lost > lost_) {
      lost_ = mail_->lost;
      whole_ = true;
    }
    seen_ = std::max(seen_, std::min<std::int64_t>(mail_->aborted, mail_->triggered));
    if (!open_.empty() && random.Chance(0.5)) return End();
    if (seen_ < mail_->triggered) Begin(++seen_, random);
  }

  std::uint64_t told = 0;  // that what it has written last was dropped

 private:
  struct Open {
    std::int64_t checkpoint;
    std::int64_t base;
    std::unique_ptr<SnapshotFile> file;
  };
  void Begin(std::int64_t checkpoint, Random& random) {
    const auto may_begin = [this] { return open_.size() < 2 && !(whole_ && !open_.empty()); };
    std::unique_ptr<SnapshotFile> file;
    if (may_begin()) file = uploads_->Begin(id_, checkpoint);
    if (file != nullptr && file->base_lost()) {
      whole_ = true;
      ++told;
    }
    if (file == nullptr || !may_begin()) return uploads_->OnDeclined(id_, checkpoint, "open");
    // Some are whole because it is time.
    const bool whole = whole_ || last_ == 0 || (open_.empty() && random.Chance(0.1));
    whole_ = false;
    if (whole) base_ = checkpoint;
    open_.push_back({checkpoint, base_, std::move(file)});
    ByteWriter block;
    block.Put(whole ? std::int64_t{0} : last_);
    block.PutString(std::string(random.Uniform(300), 'x'));
    open_.back().file->Add(0, SnapshotBlock::kRows, std::move(block));
    last_ = checkpoint;
  }
  void End() {
    open_.front().file->End(open_.front().base, {});
    open_.pop_front();
  }

  TaskId id_;
  SnapshotUploads* uploads_;
  CheckpointMail* mail_;
  std::deque<Open> open_;
  std::int64_t seen_ = 0, lost_ = 0, last_ = 0, base_ = 0;
  bool whole_ = false;
};

/// What the only block of a subtask's snapshot says.
std::int64_t Since(MemoryFileSystem& files, const Manifest::File& file, std::size_t subtask) {
  const auto reader = BlockFileReader::Open(files, "chk/" + file.name);
  EXPECT_TRUE(reader.ok()) << reader.status();
  const auto part = FindPart(reader.value(), file, static_cast<int>(subtask));
  EXPECT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part.value().blocks.size(), 1U);
  std::string bytes;
  EXPECT_TRUE(reader.value().Read(part.value().blocks[0], &bytes).ok());
  ByteReader in(bytes);
  std::int64_t since = -1;
  in.Get(&since);
  return since;
}

TEST(Chains, EveryCompleteCheckpointHasAllThatItsSnapshotsBuildOn) {
  std::uint64_t completed = 0, failed = 0, increments = 0, lost = 0, told = 0, shared = 0;
  constexpr std::uint64_t kFirstPart = 16;
  for (const std::uint64_t seed : test_support::Seeds(1, 200)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    MemoryFileSystem files;
    ManualClock clock;
    const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
    // No packs, some, or packs alone.
    const auto pack_below = static_cast<std::int64_t>(random.Uniform(3)) * 200;
    SnapshotUploads uploads(store.get(), &clock, "run", Compression::kNone, pack_below);
    CheckpointHistory history;
    CheckpointSettings settings;
    settings.interval_nanos = 10 * kMillis;
    settings.timeout_nanos = 60 * kMillis;
    settings.max_concurrent = 2;
    settings.tolerable_failures = 1000;
    const int tasks = 1 + static_cast<int>(random.Uniform(3));
    std::map<int, CheckpointMail> mails;
    std::deque<ModelTask> model;
    CheckpointCoordinator::Job job;
    job.plan.vertices.push_back({{"op"}, {}});
    job.plan.vertices[0].tasks.resize(static_cast<std::size_t>(tasks));
    for (int i = 0; i < tasks; ++i) {
      job.tasks.push_back({{0, i}, &mails[i], nullptr});
      model.emplace_back(i, &uploads, &mails[i]);
    }
    CheckpointCoordinator coordinator(job, settings, &clock, &uploads, &history, 1, {});
    const bool disk_fails = random.Chance(0.5);
    files.FailWhere([&, disk_fails](const std::string& operation, const std::string& path) {
      return disk_fails && path.ends_with(".snapshot") && operation != "read" &&
                     operation != "open" && random.Chance(0.01)
                 ? Status::Unavailable(operation + ": as drawn")
                 : Status::Ok();
    });
    std::int64_t looked_at = 0;
    for (int turn = 0; turn < 600; ++turn) {
      model[random.Uniform(model.size())].Step(random);
      if (random.Chance(0.6)) uploads.RunOne();
      if (random.Chance(0.3)) {
        clock.AdvanceMillis(static_cast<std::int64_t>(random.Uniform(20)));
        coordinator.Step();
      }
      if (store->newest() == looked_at) continue;
      looked_at = store->newest();
      const Manifest& manifest = store->manifests().at(looked_at).value();
      for (std::size_t task = 0; task < model.size(); ++task) {
        const Manifest::Chain& chain = manifest.vertices[0].tasks[task];
        ASSERT_FALSE(chain.empty());
        EXPECT_EQ(Since(files, chain[0], task), 0) << looked_at << ": its first is not whole";
        for (std::size_t i = 1; i < chain.size(); ++i) {
          EXPECT_EQ(Since(files, chain[i], task), chain[i - 1].checkpoint) << looked_at;
          ++increments;
        }
        shared += chain.back().offset > kFirstPart ? 1 : 0;
        EXPECT_EQ(chain.back().checkpoint, looked_at);
      }
      if (HasFailure()) return;
    }
    completed += history.completed;
    failed += history.failed;
    lost += mails[0].lost > 0 ? 1 : 0;
    for (const ModelTask& task : model) told += task.told;
    // What was given up makes no later one fail.
    for (const CheckpointReport& report : history.failures) {
      EXPECT_TRUE(disk_fails || report.failure.find("was not written") == std::string::npos)
          << report.failure;
    }
  }
  if (!test_support::AllSeeds()) return;
  EXPECT_GT(completed, 1000U);
  EXPECT_GT(failed, 1000U);
  EXPECT_GT(increments, 1000U);
  EXPECT_GT(lost, 50U);
  EXPECT_GT(told, 100U);
  EXPECT_GT(shared, 100U) << "parts that are not the first of their pack";
}

}  // namespace
}  // namespace millrace
