// The local copy of snapshot files: it is what the checkpoint folder has, a restore reads it while it is whole, nothing fails because
// of it, and what nobody needs goes.
#include "runtime/checkpoint/local/local_copy.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/checkpoint/restore/checkpoint_restore.h"
#include "runtime/checkpoint/snapshot_uploads.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPackBelow = 100;

/// A job of two tasks with its checkpoints in slow://chk and their copies in fast://copies.
class LocalCopies : public ::testing::Test {
 protected:
  void SetUp() override {
    RegisterFileSystem("slow", &slow_);
    RegisterFileSystem("fast", &fast_);
    Begin("r");
  }
  void TearDown() override {
    uploads_.reset();
    store_.reset();
    RegisterFileSystem("slow", nullptr);
    RegisterFileSystem("fast", nullptr);
  }
  /// Another process of the job.
  void Begin(const std::string& run, Compression compression = Compression::kNone) {
    uploads_.reset();
    store_.reset();
    store_ = CheckpointStore::Open(&slow_, "chk", "a test").value();
    auto local = LocalCopy::Open("fast://copies", "slow://chk", "a test");
    ASSERT_TRUE(local.ok()) << local.status();
    below_ = local.value()->PathOf("");
    store_->SetLocalCopy(std::move(local).value());
    store_->CleanLocalCopy();
    uploads_ =
        std::make_unique<SnapshotUploads>(store_.get(), &clock_, run, compression, kPackBelow);
  }
  /// Files of the two tasks for the checkpoint, as what each manifest names.
  std::vector<Manifest::File> Snapshots(std::int64_t id, const std::string& first,
                                        const std::string& second) {
    for (const auto& [task, content] : {std::pair(0, first), std::pair(1, second)}) {
      auto file = uploads_->Begin({0, task}, id);
      ByteWriter block;
      block.PutBytes(content.data(), content.size());
      file->Add(0, SnapshotBlock::kRows, std::move(block));
      file->End(id, {});
    }
    while (uploads_->RunOne()) {
    }
    std::vector<Manifest::File> files(2);
    for (const SnapshotEvent& event : uploads_->TakeEvents()) {
      EXPECT_TRUE(event.status.ok()) << event.status;
      files[static_cast<std::size_t>(event.task.subtask)] = event.file;
    }
    return files;
  }
  void Complete(std::int64_t id, const std::vector<Manifest::File>& files, std::size_t retained) {
    Manifest manifest;
    manifest.job = "job";
    manifest.id = id;
    manifest.vertices.push_back({{"op"}, {{files[0]}, {files[1]}}});
    ASSERT_TRUE(store_->Write(manifest).ok());
    store_->Retain(retained);
  }
  /// A checkpoint of which one task has a pack and the other a file of its own.
  void TakeBoth(std::int64_t id) {
    Complete(id, Snapshots(id, "small", std::string(kPackBelow, 'x')), 1);
  }
  Result<std::unique_ptr<CheckpointRestore>> Open(std::int64_t id) {
    return CheckpointRestore::Open(slow_, "chk", *store_->manifests().at(id), store_->local_copy());
  }
  /// All that the checkpoint has.
  static std::string Content(const CheckpointRestore& restore) {
    std::string found;
    for (int subtask = 0; subtask < 2; ++subtask) {
      const auto add = [&](const OperatorRestore::Block& block) {
        found += std::string(block.bytes) + ";";
        return Status::Ok();
      };
      const Status read =
          restore.For("op", {"op"}, subtask, 2)->ForEach(0, 0, SnapshotBlock::kRows, add);
      EXPECT_TRUE(read.ok()) << read;
    }
    return found;
  }
  const std::string kBoth = "small;" + std::string(kPackBelow, 'x') + ";";
  /// Below the job's folder of copies, without its lock.
  std::vector<std::string> Copies() {
    std::vector<std::string> names;
    for (const std::string& path : fast_.paths()) {
      if (path.starts_with(below_ + "tasks/")) names.push_back(path.substr(below_.size()));
    }
    return names;
  }
  void Put(const std::string& path) {
    auto file = fast_.Create(path);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file.value()->Append("x").ok());
  }

  MemoryFileSystem slow_, fast_;
  ManualClock clock_;
  std::string below_;  // the job's folder of copies, with a slash
  std::unique_ptr<CheckpointStore> store_;
  std::unique_ptr<SnapshotUploads> uploads_;
};

TEST_F(LocalCopies, AreByteForByteWhatTheCheckpointFolderHasAndAreNotSynced) {
  int synced = 0;
  fast_.FailWhere([&](const std::string& operation, const std::string&) {
    synced += operation.starts_with("sync") ? 1 : 0;
    return Status::Ok();
  });
  for (const Compression compression : {Compression::kNone, Compression::kZstd}) {
    const std::string run = compression == Compression::kNone ? "plain" : "packed";
    Begin(run, compression);
    Snapshots(1, "small", std::string(5000, 'x'));
    const std::vector<std::string> names = {"tasks/" + run + "-v0-s0-c1-pack.snapshot",
                                            "tasks/" + run + "-v0-s1-c1.snapshot"};
    EXPECT_EQ(Copies(), names);
    for (const std::string& name : names) {
      ASSERT_NE(slow_.Bytes("chk/" + name), nullptr) << name;
      EXPECT_EQ(*fast_.Bytes(below_ + name), *slow_.Bytes("chk/" + name)) << name;
    }
  }
  EXPECT_EQ(synced, 0);
}

TEST_F(LocalCopies, AreAllThatARestoreReadsWhileTheyAreWhole) {
  TakeBoth(1);
  int read = 0;
  slow_.FailWhere([&](const std::string&, const std::string&) {
    ++read;
    return Status::Ok();
  });
  const auto restore = Open(1);
  ASSERT_TRUE(restore.ok()) << restore.status();
  EXPECT_EQ(Content(*restore.value()), kBoth);
  EXPECT_EQ(read, 0);
  EXPECT_EQ(restore.value()->from()->local, 2U);
  EXPECT_EQ(restore.value()->from()->storage, 0U);
}

TEST_F(LocalCopies, ThatAreDamagedAnywhereAreReadFromStorage) {
  TakeBoth(1);
  ASSERT_EQ(Copies().size(), 2U);
  for (const std::string& name : Copies()) {
    const std::string whole = *fast_.Bytes(below_ + name);
    const auto check = [&](const std::string& what) {
      const auto restore = Open(1);
      ASSERT_TRUE(restore.ok()) << what << ": " << restore.status();
      EXPECT_EQ(Content(*restore.value()), kBoth) << what;
      EXPECT_EQ(restore.value()->from()->local, 1U) << what;
      EXPECT_EQ(restore.value()->from()->storage, 1U) << what;
    };
    std::string& bytes = *fast_.Bytes(below_ + name);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      bytes[at] = static_cast<char>(bytes[at] ^ 4);
      check(name + " flipped at " + std::to_string(at));
      bytes[at] = whole[at];
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{15}, whole.size() - 1}) {
      bytes = whole.substr(0, size);
      check(name + " cut to " + std::to_string(size));
    }
    bytes = whole + "x";
    check(name + " with more at its end");
    bytes = std::string(whole.size(), '\0');
    check(name + " with nothing but zeros");
    ASSERT_TRUE(fast_.Remove(below_ + name).ok());
    check(name + " gone");
    Put(below_ + name);
    *fast_.Bytes(below_ + name) = whole;
  }
}

TEST_F(LocalCopies, ThatAreDamagedAreReadFromStorageByAllThreads) {
  constexpr int kTasks = 4;
  std::string wanted;
  Manifest manifest;
  manifest.id = 1;
  manifest.vertices.push_back({{"op"}, std::vector<Manifest::Chain>(kTasks)});
  for (int task = 0; task < kTasks; ++task) {
    auto file = uploads_->Begin({0, task}, 1);
    ByteWriter block;
    block.PutString(std::to_string(task));
    wanted += std::string(block.view());
    file->Add(0, SnapshotBlock::kRows, std::move(block));
    file->End(1, {});
  }
  while (uploads_->RunOne()) {
  }
  for (const SnapshotEvent& event : uploads_->TakeEvents())
    manifest.vertices[0].tasks[static_cast<std::size_t>(event.task.subtask)] = {event.file};
  ASSERT_EQ(Copies().size(), 1U) << "one pack of all tasks";
  const auto restore = CheckpointRestore::Open(slow_, "chk", manifest, store_->local_copy());
  ASSERT_TRUE(restore.ok()) << restore.status();
  // All blocks of the pack, when its head and its parts have been read from the copy.
  std::string& bytes = *fast_.Bytes(below_ + Copies()[0]);
  for (std::size_t at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<char>(~bytes[at]);
  std::vector<std::string> found(kTasks);
  std::vector<std::thread> threads;
  for (int task = 0; task < kTasks; ++task) {
    threads.emplace_back([&, task] {
      const auto add = [&](const OperatorRestore::Block& block) {
        found[static_cast<std::size_t>(task)] += block.bytes;
        return Status::Ok();
      };
      const auto op = restore.value()->For("op", {"op"}, task, kTasks);
      EXPECT_TRUE(op->ForEach(0, 0, SnapshotBlock::kRows, add).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string all;
  for (const std::string& part : found) all += part;
  EXPECT_EQ(all, wanted);
  EXPECT_EQ(restore.value()->from()->local, 0U);
  EXPECT_EQ(restore.value()->from()->storage, 1U);
}

TEST_F(LocalCopies, OfAnotherSizeThanTheManifestSaysAreNotRead) {
  TakeBoth(1);
  // A whole file of blocks, but not this one.
  const std::string name = "tasks/r-v0-s1-c1.snapshot";
  ASSERT_TRUE(fast_.Remove(below_ + name).ok());
  BlockFileWriter other(fast_.Create(below_ + name).value(), name);
  ASSERT_TRUE(other.Add(BlockKindOf(0, SnapshotBlock::kRows), "other").ok());
  ASSERT_TRUE(other.Finish().ok());
  const auto restore = Open(1);
  ASSERT_TRUE(restore.ok()) << restore.status();
  EXPECT_EQ(Content(*restore.value()), kBoth);
  EXPECT_EQ(restore.value()->from()->storage, 1U);
}

TEST_F(LocalCopies, ThatCanNotBeReadNowAreReadFromStorage) {
  TakeBoth(1);
  for (const std::string at : {"open", "read"}) {
    for (const int after : {0, 1, 3, 6}) {
      int left = after;
      fast_.FailWhere([&](const std::string& operation, const std::string&) {
        return operation == at && left-- <= 0 ? Status::Unavailable("planted") : Status::Ok();
      });
      const auto restore = Open(1);
      ASSERT_TRUE(restore.ok()) << restore.status();
      EXPECT_EQ(Content(*restore.value()), kBoth) << at << after;
    }
  }
}

TEST_F(LocalCopies, WhenBothAreDamagedTheStoredOneIsWhatIsSaid) {
  TakeBoth(1);
  const std::string name = "tasks/r-v0-s1-c1.snapshot";
  for (std::string* bytes : {fast_.Bytes(below_ + name), slow_.Bytes("chk/" + name)})
    (*bytes)[40] = static_cast<char>((*bytes)[40] ^ 4);
  const auto restore = Open(1);
  ASSERT_TRUE(restore.ok()) << restore.status();
  const Status read =
      restore.value()->For("op", {"op"}, 1, 2)->ForEach(0, 0, SnapshotBlock::kRows, [](auto&) {
        return Status::Ok();
      });
  EXPECT_EQ(read.code(), StatusCode::kDataLoss);
  EXPECT_NE(read.message().find("'chk/" + name + "'"), std::string::npos) << read;
}

TEST_F(LocalCopies, ThatCanNotBeWrittenAreNotThereAndNothingFails) {
  std::int64_t id = 0;
  for (const std::string at : {"create", "write", "close"}) {
    for (const int after : {0, 1, 2}) {
      int left = after;
      fast_.FailWhere([&](const std::string& operation, const std::string&) {
        return operation == at && left-- <= 0
                   ? Status(StatusCode::kResourceExhausted, "no space is left")
                   : Status::Ok();
      });
      ++id;
      const auto files = Snapshots(id, "small", std::string(kPackBelow, 'x'));
      fast_.FailWhere(nullptr);
      Complete(id, files, 1);
      // A file is whole, or is not there.
      const std::size_t whole = at == "write" ? 0 : static_cast<std::size_t>(after);
      EXPECT_EQ(Copies().size(), whole) << at << after;
      const auto restore = Open(id);
      ASSERT_TRUE(restore.ok()) << restore.status();
      EXPECT_EQ(Content(*restore.value()), kBoth);
      EXPECT_EQ(restore.value()->from()->storage, 2 - whole) << at << after;
    }
  }
}

TEST_F(LocalCopies, ComeBackWhenTheirFolderWasRemoved) {
  ASSERT_TRUE(fast_.Remove(below_ + "tasks").ok());
  TakeBoth(1);
  EXPECT_EQ(Copies().size(), 0U);
  store_->CleanLocalCopy();  // as each attempt begins
  TakeBoth(2);
  EXPECT_EQ(Copies().size(), 2U);
}

TEST_F(LocalCopies, OfWhatNoRetainedCheckpointNeedsAreRemovedWhenOneIsComplete) {
  const auto one = Snapshots(1, "a", "b");
  Complete(1, one, 2);
  const auto two = Snapshots(2, "a", std::string(kPackBelow, 'x'));  // is given up
  const auto three = Snapshots(3, "a", "b");
  const auto four = Snapshots(4, "a", "b");  // is under way
  Complete(3, {three[0], two[1]}, 2);
  EXPECT_EQ(Copies(), (std::vector<std::string>{
                          "tasks/r-v0-s0-c1-pack.snapshot", "tasks/r-v0-s0-c3-pack.snapshot",
                          "tasks/r-v0-s0-c4-pack.snapshot", "tasks/r-v0-s1-c2.snapshot"}))
      << "the pack of 2 is needed by nobody";
  Complete(4, four, 1);
  EXPECT_EQ(Copies(), std::vector<std::string>{"tasks/r-v0-s0-c4-pack.snapshot"});
}

TEST_F(LocalCopies, ThatAKilledProcessLeftAreRemovedWhenTheJobBeginsAgain) {
  TakeBoth(1);
  Snapshots(2, "a", "b");
  auto under_way = uploads_->Begin({0, 0}, 3);
  ByteWriter block;
  block.PutString(std::string(kPackBelow, 'y'));
  under_way->Add(0, SnapshotBlock::kRows, std::move(block));
  ASSERT_TRUE(uploads_->RunOne());
  EXPECT_EQ(Copies().size(), 4U);
  under_way.reset();
  Begin("r2");
  EXPECT_EQ(Copies(), (std::vector<std::string>{"tasks/r-v0-s0-c1-pack.snapshot",
                                                "tasks/r-v0-s1-c1.snapshot"}));
}

TEST_F(LocalCopies, NothingElseIsTouched) {
  const std::vector<std::string> others = {"copies/mine-c1.snapshot", below_ + "mine-c1.snapshot",
                                           below_ + "tasks/notes-c1.txt",
                                           below_ + "tasks/mine.snapshot"};
  for (const std::string& path : others) Put(path);
  const auto other = LocalCopy::Open("fast://copies", "slow://chk2", "another test");
  ASSERT_TRUE(other.ok()) << other.status();
  const std::string theirs = other.value()->PathOf("tasks/r-v0-s0-c1.snapshot");
  EXPECT_FALSE(theirs.starts_with(below_)) << "two jobs never share a folder";
  Put(theirs);
  TakeBoth(1);
  TakeBoth(2);
  Begin("r2");
  for (const std::string& path : others) EXPECT_NE(fast_.Bytes(path), nullptr) << path;
  EXPECT_NE(fast_.Bytes(theirs), nullptr);
}

TEST_F(LocalCopies, AFileOfTheSameNameIsReplaced) {
  Put(below_ + "tasks/r-v0-s1-c1.snapshot");
  TakeBoth(1);
  EXPECT_EQ(Open(1).value()->from()->local, 2U);
}

TEST_F(LocalCopies, BelongToOneJobAtATime) {
  const auto again = LocalCopy::Open("fast://copies", "slow://chk", "another");
  EXPECT_EQ(again.status().code(), StatusCode::kAlreadyExists) << "which is no mistake of the plan";
  EXPECT_NE(again.status().message().find("a test has it"), std::string::npos) << again.status();
}

/// On this machine's files.
class LocalFolders : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-local-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directory(folder_ / "chk");
    fs::create_directory_symlink(folder_ / "chk", folder_ / "link");
  }
  void TearDown() override { fs::remove_all(folder_); }
  Result<std::unique_ptr<LocalCopy>> Open(const std::string& copies, const std::string& chk) {
    return LocalCopy::Open((folder_ / copies).string(), (folder_ / chk).string(), "a test");
  }
  fs::path folder_;
};

TEST_F(LocalFolders, AreTheSameForTheSameCheckpointFolder) {
  const std::string one = Open("fast", "chk").value()->location();
  EXPECT_EQ(Open("fast", "link/").value()->location(), one);
  EXPECT_EQ(Open("fast", "./chk").value()->location(), one);
  fs::create_directory(folder_ / "chk2");
  EXPECT_NE(Open("fast", "chk2").value()->location(), one);
  EXPECT_TRUE(fs::exists(one + "/tasks"));
}

TEST_F(LocalFolders, ThatCanNotBeAreMistakes) {
  std::ofstream(folder_ / "file") << "x";
  const std::string option = "option -D checkpoint.local-copy: ";
  const auto refused = [&](const std::string& copies) {
    const Status status = Open(copies, "chk").status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    return status.message();
  };
  const std::string here = folder_.string();
  EXPECT_EQ(refused("chk"), option + "'" + here + "/chk' is the checkpoint folder itself");
  EXPECT_EQ(refused("link"), option + "'" + here + "/link' is the checkpoint folder itself");
  EXPECT_EQ(refused("file"), option + "create folder '" + here + "/file': Not a directory");
  EXPECT_FALSE(LocalCopy::Open("no://where", folder_ / "chk", "a test").ok());
}

}  // namespace
}  // namespace millrace
