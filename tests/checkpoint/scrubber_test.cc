// A damaged checkpoint is found while the job runs; whole ones, and those that go meanwhile, are left alone.
#include "runtime/checkpoint/scrubber.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/checkpoint_store.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

void WriteFile(MemoryFileSystem& files, const std::string& path) {
  auto file = files.Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  BlockFileWriter writer(std::move(file).value(), path);
  ASSERT_TRUE(writer.Add(1, std::string(5000, 'x')).ok());
  ASSERT_TRUE(writer.Finish().ok());
}

/// Checkpoint `id` has files 1 to `id`.
void WriteCheckpoint(MemoryFileSystem& files, CheckpointStore& store, std::int64_t id) {
  Manifest manifest;
  manifest.job = "job";
  manifest.id = id;
  manifest.vertices.push_back({{"op"}, {{}}});
  WriteFile(files, "chk/tasks/" + std::to_string(id));
  for (std::int64_t i = 1; i <= id; ++i)
    manifest.vertices[0].tasks[0].push_back({"tasks/" + std::to_string(i), i, 5000});
  ASSERT_TRUE(store.Write(manifest).ok());
}

void AwaitRounds(const Scrubber& scrubber, std::uint64_t more) {
  const std::uint64_t until = scrubber.rounds() + more;
  while (scrubber.rounds() < until) std::this_thread::yield();  // ctest has the deadline
}

TEST(Scrubber, FindsADamagedCheckpointAndThoseThatShareItsFile) {
  MemoryFileSystem files;
  auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  for (std::int64_t id = 1; id <= 3; ++id) WriteCheckpoint(files, *store, id);
  Scrubber scrubber(&files, "chk", 1000);
  AwaitRounds(scrubber, 2);
  EXPECT_TRUE(scrubber.damaged().empty());
  {
    std::string bytes = *files.Bytes("chk/tasks/2");
    bytes[2000] ^= 1;
    ASSERT_TRUE(files.Remove("chk/tasks/2").ok());
    auto file = files.Create("chk/tasks/2");
    ASSERT_TRUE(file.ok() && file.value()->Append(bytes).ok() && file.value()->Close().ok());
  }
  AwaitRounds(scrubber, 2);
  EXPECT_EQ(scrubber.damaged(), (std::set<std::int64_t>{2, 3}));
}

TEST(Scrubber, IsNotMisledByOneThatGoes) {
  MemoryFileSystem files;
  auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  for (std::int64_t id = 1; id <= 200; ++id) WriteCheckpoint(files, *store, id);
  Scrubber scrubber(&files, "chk", 1000);
  for (std::size_t left = 200; left > 1; --left) {
    AwaitRounds(scrubber, left % 50 == 0 ? 1 : 0);
    store->Retain(left - 1);  // removes manifests first, then files
  }
  AwaitRounds(scrubber, 2);
  EXPECT_TRUE(scrubber.damaged().empty());
}

TEST(Scrubber, WhatCanNotBeReadNowIsNoDamage) {
  MemoryFileSystem files;
  auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  WriteCheckpoint(files, *store, 1);
  int reads = 0;  // of the scrubber's thread alone
  files.FailWhere([&](const std::string& operation, const std::string& path) {
    if (operation != "read" || !path.ends_with("tasks/1") || ++reads > 3) return Status::Ok();
    return Status::Unavailable("read '" + path + "': the disk is away");
  });
  Scrubber scrubber(&files, "chk", 1000);
  AwaitRounds(scrubber, 5);
  EXPECT_TRUE(scrubber.damaged().empty());
}

}  // namespace
}  // namespace millrace
