#include "runtime/checkpoint/snapshot_uploads.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint/upload_threads.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

/// Files whose Sync asks the test first.
class SlowFiles final : public FileSystem {
 public:
  std::function<void(const std::string& path)> before_sync = [](const std::string&) {};

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    auto file = files_.Create(path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(new Slow(this, std::move(file).value(), path));
  }
  Result<std::unique_ptr<ReadableFile>> Open(const std::string& path) override {
    return files_.Open(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return files_.Rename(from, to);
  }
  Status Remove(const std::string& path) override { return files_.Remove(path); }
  Result<std::vector<FileEntry>> List(const std::string& folder) override {
    return files_.List(folder);
  }
  Status MakeFolder(const std::string& folder) override { return files_.MakeFolder(folder); }
  Status SyncFolder(const std::string& folder) override { return files_.SyncFolder(folder); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                         const std::string& owner) override {
    return files_.Lock(path, owner);
  }

 private:
  class Slow final : public WritableFile {
   public:
    Slow(SlowFiles* files, std::unique_ptr<WritableFile> file, std::string path)
        : files_(files), file_(std::move(file)), path_(std::move(path)) {}
    Status Append(std::string_view bytes) override { return file_->Append(bytes); }
    Status Sync() override {
      files_->before_sync(path_);
      return file_->Sync();
    }
    Status Close() override { return file_->Close(); }

   private:
    SlowFiles* files_;
    std::unique_ptr<WritableFile> file_;
    std::string path_;
  };
  MemoryFileSystem files_;
};

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

TEST(SnapshotUploads, SaysWhenItIsCrowdedNoLonger) {
  SlowFiles files;
  ManualClock clock;
  const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock, "r");
  int told = 0;
  uploads.SetOnRoom([&] { ++told; });
  auto file = uploads.Begin({0, 0}, 1);
  const std::string much(20 << 20, 'x');
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

}  // namespace
}  // namespace millrace
