#include "runtime/checkpoint/snapshot_uploads.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint/upload_threads.h"
#include "tests/support/slow_files.h"

namespace millrace {
namespace {

void Snapshot(SnapshotUploads& uploads, int task, std::int64_t checkpoint) {
  auto file = uploads.Begin({0, task}, checkpoint);
  ByteWriter block;
  block.PutString("state");
  file->Add(0, SnapshotBlock::kRows, std::move(block));
  file->End(checkpoint, {});
}

/// Waits for the next event.
SnapshotEvent Next(SnapshotUploads& uploads) {
  for (;;) {
    const auto events = uploads.TakeEvents();
    if (!events.empty()) return events.front();
    uploads.Wait(1000000000);
  }
}

/// Waits for so many.
std::vector<SnapshotEvent> Next(SnapshotUploads& uploads, std::size_t count) {
  std::vector<SnapshotEvent> found;
  while (found.size() < count) {
    for (SnapshotEvent& event : uploads.TakeEvents()) found.push_back(std::move(event));
    if (found.size() < count) uploads.Wait(1000000000);
  }
  return found;
}

TEST(SnapshotUploads, ASlowSyncHoldsUpItsOwnTaskOnly) {
  SlowFiles files;
  ManualClock clock;
  const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock, "r");
  std::promise<void> hangs, released;
  const auto release = released.get_future().share();
  files.before_sync = [&](const std::string& path) {
    if (!path.ends_with("-s0-c1.snapshot")) return;
    hangs.set_value();
    release.wait();
  };
  const UploadThreads threads(&uploads, 2);
  Snapshot(uploads, 0, 1);
  hangs.get_future().wait();
  Snapshot(uploads, 0, 2);  // behind the one that hangs
  Snapshot(uploads, 1, 1);
  EXPECT_EQ(Next(uploads).task.subtask, 1);
  released.set_value();
  EXPECT_EQ(Next(uploads).checkpoint, 1);
}

TEST(SnapshotUploads, FilesOfATaskAreWrittenInOrder) {
  SlowFiles files;
  ManualClock clock;
  const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock, "r");
  for (int checkpoint = 1; checkpoint <= 20; ++checkpoint) {
    for (int task = 0; task < 3; ++task) Snapshot(uploads, task, checkpoint);
  }
  const UploadThreads threads(&uploads, 3);
  std::int64_t last[3] = {};
  for (int told = 0; told < 60;) {
    for (const SnapshotEvent& event : uploads.TakeEvents()) {
      ASSERT_TRUE(event.status.ok()) << event.status;
      EXPECT_EQ(event.checkpoint, ++last[event.task.subtask]);
      ++told;
    }
    uploads.Wait(1000000);
  }
}

TEST(SnapshotUploads, AFileThatItsTaskLeavesUnfinishedHoldsUpNobody) {
  for (const std::int64_t pack_below : {0, 1 << 14}) {
    SlowFiles files;
    ManualClock clock;
    const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
    SnapshotUploads uploads(store.get(), &clock, "r", Compression::kNone, pack_below);
    {
      auto file = uploads.Begin({0, 0}, 1);
      ByteWriter block;
      block.PutString("half of the state");
      file->Add(0, SnapshotBlock::kRows, std::move(block));
    }
    Snapshot(uploads, 0, 2);
    while (uploads.RunOne()) {
    }
    const auto events = uploads.TakeEvents();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].checkpoint, 1);
    EXPECT_EQ(events[0].status.code(), StatusCode::kCancelled);
    EXPECT_EQ(events[1].checkpoint, 2);
    EXPECT_TRUE(events[1].status.ok()) << events[1].status;
    EXPECT_EQ(uploads.waiting(), 0);
  }
}

TEST(SnapshotUploads, AFileThatIsLeftEmptyHasNotBegun) {
  SlowFiles files;
  ManualClock clock;
  const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock, "r");
  uploads.Begin({0, 0}, 1).reset();
  EXPECT_FALSE(uploads.RunOne());
  EXPECT_TRUE(uploads.TakeEvents().empty());
}

TEST(SnapshotUploads, SaysWhenItIsCrowdedNoLonger) {
  SlowFiles files;
  ManualClock clock;
  const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock, "r");
  int told = 0;
  uploads.SetOnRoom([&] { ++told; });
  auto file = uploads.Begin({0, 0}, 1);
  const std::string much(3 << 20, 'x');
  for (int i = 0; i < 3; ++i) {
    ByteWriter block;
    block.PutBytes(much.data(), much.size());
    file->Add(0, SnapshotBlock::kRows, std::move(block));
  }
  EXPECT_TRUE(uploads.Crowded());
  EXPECT_TRUE(uploads.RunOne());
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(uploads.RunOne());
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(uploads.Crowded());
  EXPECT_TRUE(uploads.RunOne());
  EXPECT_EQ(told, 1);
}

/// A block of so many MiB.
void AddMany(SnapshotFile& file, std::size_t mib) {
  const std::string much(mib << 20, 'x');
  ByteWriter block;
  block.PutBytes(much.data(), much.size());
  file.Add(0, SnapshotBlock::kRows, std::move(block));
}

class GivenUp : public ::testing::Test {
 protected:
  GivenUp() {
    uploads_.SetOnRoom([this] { ++told_; });
  }
  /// Until nothing is ready to be done.
  std::vector<SnapshotEvent> RunAll() {
    while (uploads_.RunOne()) {
    }
    return uploads_.TakeEvents();
  }
  bool Exists(const std::string& name) { return files_.Open("chk/tasks/" + name).ok(); }

  SlowFiles files_;
  ManualClock clock_;
  std::unique_ptr<CheckpointStore> store_ = CheckpointStore::Open(&files_, "chk", "a test").value();
  SnapshotUploads uploads_{store_.get(), &clock_, "r"};
  int told_ = 0;
};

TEST_F(GivenUp, WhatWaitsIsDroppedAndWhatIsAddedAndTheFileIsLost) {
  auto file = uploads_.Begin({0, 0}, 1);
  for (int i = 0; i < 3; ++i) AddMany(*file, 20);
  ASSERT_TRUE(uploads_.RunOne()) << "the file is begun";
  ASSERT_TRUE(uploads_.Crowded());
  uploads_.GiveUp(1);
  EXPECT_EQ(uploads_.waiting(), 0);
  EXPECT_EQ(told_, 1);
  AddMany(*file, 20);
  EXPECT_EQ(uploads_.waiting(), 0);
  EXPECT_FALSE(uploads_.RunOne());
  file->End(1, {});
  const auto events = RunAll();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].checkpoint, 1);
  EXPECT_EQ(events[0].status.code(), StatusCode::kCancelled);
  EXPECT_TRUE(Exists("r-v0-s0-c1.snapshot")) << "nothing is removed because of a failure";
  Snapshot(uploads_, 0, 2);
  EXPECT_TRUE(RunAll().at(0).status.ok());
}

TEST_F(GivenUp, AFileThatWasNotBegunIsNeverMade) {
  Snapshot(uploads_, 0, 1);
  uploads_.GiveUp(1);
  EXPECT_FALSE(RunAll().at(0).status.ok());
  EXPECT_FALSE(Exists("r-v0-s0-c1.snapshot"));
}

TEST_F(GivenUp, ASnapshotThatBeginsLateIsLostToo) {
  uploads_.GiveUp(4);
  Snapshot(uploads_, 0, 4);
  EXPECT_EQ(uploads_.waiting(), 0);
  EXPECT_FALSE(RunAll().at(0).status.ok());
  EXPECT_FALSE(Exists("r-v0-s0-c4.snapshot"));
}

TEST_F(GivenUp, AFileOfWhichOnlyItsEndIsMissingIsEnded) {
  Snapshot(uploads_, 0, 1);
  ASSERT_TRUE(uploads_.RunOne()) << "its block";
  uploads_.GiveUp(1);
  const auto events = RunAll();
  EXPECT_TRUE(events.at(0).status.ok()) << "later ones may build on it";
  EXPECT_TRUE(BlockFileReader::Open(files_, "chk/" + events[0].file.name).ok());
}

TEST_F(GivenUp, OneThatAYoungerOneMayBuildOnIsWritten) {
  Snapshot(uploads_, 0, 1);
  Snapshot(uploads_, 0, 2);
  Snapshot(uploads_, 1, 1);
  uploads_.GiveUp(1);
  EXPECT_FALSE(uploads_.Begin({0, 0}, 3)->base_lost());
  std::vector<std::int64_t> written;
  for (const SnapshotEvent& event : RunAll()) {
    EXPECT_EQ(event.status.ok(), event.task.subtask == 0);
    if (event.status.ok()) written.push_back(event.checkpoint);
  }
  EXPECT_EQ(written, (std::vector<std::int64_t>{1, 2}));
}

TEST_F(GivenUp, WithTheYoungerOneBothAreDropped) {
  Snapshot(uploads_, 0, 1);
  Snapshot(uploads_, 0, 2);
  uploads_.GiveUp(1);
  uploads_.GiveUp(2);
  EXPECT_EQ(uploads_.waiting(), 0);
  for (const SnapshotEvent& event : RunAll()) EXPECT_FALSE(event.status.ok());
}

TEST_F(GivenUp, ItsTaskIsToldOnceWhenItBeginsTheNext) {
  Snapshot(uploads_, 0, 1);
  Snapshot(uploads_, 1, 1);
  RunAll();
  Snapshot(uploads_, 0, 2);
  uploads_.GiveUp(2);
  EXPECT_TRUE(uploads_.Begin({0, 0}, 3)->base_lost());
  EXPECT_FALSE(uploads_.Begin({0, 0}, 4)->base_lost());
  EXPECT_FALSE(uploads_.Begin({0, 1}, 3)->base_lost()) << "its file was written";
  uploads_.GiveUp(5);
  Snapshot(uploads_, 1, 5);  // late
  EXPECT_TRUE(uploads_.Begin({0, 1}, 6)->base_lost());
}

TEST_F(GivenUp, BehindASyncThatHangsTheBacklogDoesNotGrow) {
  std::promise<void> hangs, released;
  files_.before_sync = [&](const std::string& path) {
    if (!path.ends_with("-s0-c1.snapshot")) return;
    hangs.set_value();
    released.get_future().wait();
  };
  const UploadThreads threads(&uploads_, 2);
  Snapshot(uploads_, 0, 1);
  hangs.get_future().wait();
  constexpr int kMany = 100;
  for (int checkpoint = 2; checkpoint <= kMany; ++checkpoint) {
    auto file = uploads_.Begin({0, 0}, checkpoint);
    AddMany(*file, 1);
    file->End(1, {});
    EXPECT_LE(uploads_.waiting(), 1 << 20) << checkpoint;
    uploads_.GiveUp(checkpoint);
  }
  released.set_value();
  const auto events = Next(uploads_, 2);
  EXPECT_TRUE(events[0].status.ok());
  EXPECT_FALSE(events[1].status.ok());
  EXPECT_EQ(events[1].checkpoint, kMany) << "that all are lost is said once";
  Snapshot(uploads_, 0, kMany + 1);
  EXPECT_EQ(Next(uploads_).checkpoint, kMany + 1);
  EXPECT_EQ(files_.List("chk/tasks").value().size(), 2U);
}

}  // namespace
}  // namespace millrace
