// Small snapshots that share a file: what is in a pack, who is told when, what is refused, and how long it stays.
#include "runtime/checkpoint/pack/snapshot_pack.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint/folder_care.h"
#include "runtime/checkpoint/restore/checkpoint_restore.h"
#include "runtime/checkpoint/snapshot_uploads.h"
#include "runtime/checkpoint/upload_threads.h"
#include "tests/support/slow_files.h"

namespace millrace {
namespace {

constexpr std::int64_t kPackBelow = 1000;

/// What a task has in a file, in pieces as they were handed over.
std::string Content(const Result<SnapshotPart>& part) {
  EXPECT_TRUE(part.ok()) << part.status();
  if (!part.ok()) return "";
  std::string all, bytes;
  for (const BlockEntry& block : part.value().blocks) {
    EXPECT_TRUE(part.value().file->Read(block, &bytes).ok());
    all += bytes + ";";
  }
  return all;
}

class Packs : public ::testing::Test {
 protected:
  /// A snapshot with these blocks.
  void Snapshot(TaskId task, std::int64_t checkpoint, const std::vector<std::string>& blocks) {
    auto file = uploads_.Begin(task, checkpoint);
    for (const std::string& content : blocks) {
      ByteWriter block;
      block.PutBytes(content.data(), content.size());
      file->Add(0, SnapshotBlock::kRows, std::move(block));
    }
    file->End(1, {});
  }
  std::vector<SnapshotEvent> RunAll() {
    while (uploads_.RunOne()) {
    }
    return uploads_.TakeEvents();
  }
  /// Reads what was told of.
  std::string Content(const SnapshotEvent& event) {
    EXPECT_TRUE(event.status.ok()) << event.status;
    const auto reader = BlockFileReader::Open(files_, "chk/" + event.file.name);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return millrace::Content(FindPart(reader.value(), event.file, event.task.subtask));
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto found = files_.List("chk/tasks");
    for (const FileEntry& entry : found.value()) names.push_back(entry.name);
    return names;
  }

  SlowFiles files_;
  ManualClock clock_;
  std::unique_ptr<CheckpointStore> store_ = CheckpointStore::Open(&files_, "chk", "a test").value();
  SnapshotUploads uploads_{store_.get(), &clock_, "r", Compression::kNone, kPackBelow};
};

TEST_F(Packs, SmallSnapshotsOfACheckpointShareAFile) {
  Snapshot({2, 0}, 1, {"a", "b"});
  Snapshot({0, 1}, 1, {});
  Snapshot({0, 0}, 1, {"c"});
  const auto events = RunAll();
  EXPECT_EQ(Names(), std::vector<std::string>{"r-v2-s0-c1-pack.snapshot"});
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].task, (TaskId{2, 0}));
  EXPECT_EQ(Content(events[0]), "a;b;");
  EXPECT_EQ(Content(events[1]), "");
  EXPECT_EQ(Content(events[2]), "c;");
  std::uint64_t bytes = 0;
  for (const SnapshotEvent& event : events) bytes += event.file.bytes;
  EXPECT_EQ(events[2].file.offset + events[2].file.bytes, 16 + bytes) << "without gaps";
}

TEST_F(Packs, EachCheckpointHasItsOwnAndALargeSnapshotItsFile) {
  const std::string large(kPackBelow, 'x'), small(kPackBelow - 1, 'x');
  Snapshot({0, 0}, 1, {small});
  Snapshot({0, 1}, 2, {small});
  Snapshot({0, 2}, 1, {large});
  Snapshot({0, 3}, 1, {small, "y"});
  Snapshot({0, 4}, 1, {"z"});
  std::map<std::string, int> tasks;
  for (const SnapshotEvent& event : RunAll()) ++tasks[event.file.name];
  EXPECT_EQ(tasks, (std::map<std::string, int>{{"tasks/r-v0-s0-c1-pack.snapshot", 2},
                                               {"tasks/r-v0-s1-c2-pack.snapshot", 1},
                                               {"tasks/r-v0-s2-c1.snapshot", 1},
                                               {"tasks/r-v0-s3-c1.snapshot", 1}}));
}

TEST_F(Packs, WhoEndsWhileOneIsWrittenGoesIntoTheNextTogether) {
  std::promise<void> hangs, released;
  files_.before_sync = [&](const std::string& path) {
    if (!path.ends_with("-v0-s0-c1-pack.snapshot")) return;
    hangs.set_value();
    released.get_future().wait();
  };
  const UploadThreads threads(&uploads_, 3);
  Snapshot({0, 0}, 1, {"first"});
  hangs.get_future().wait();
  for (int task = 1; task < 10; ++task) Snapshot({0, task}, 1, {"more"});
  released.set_value();
  for (int told = 0; told < 10;) {
    for (const SnapshotEvent& event : uploads_.TakeEvents()) {
      EXPECT_EQ(Content(event), told++ == 0 ? "first;" : "more;");
    }
    uploads_.Wait(1000000);
  }
  EXPECT_EQ(Names().size(), 2U);
}

TEST_F(Packs, ASlowOneHoldsUpNoLargeSnapshot) {
  std::promise<void> hangs, released;
  files_.before_sync = [&](const std::string& path) {
    if (!path.ends_with("-pack.snapshot")) return;
    hangs.set_value();
    released.get_future().wait();
  };
  const UploadThreads threads(&uploads_, 2);
  Snapshot({0, 0}, 1, {"small"});
  hangs.get_future().wait();
  Snapshot({0, 1}, 1, {std::string(kPackBelow, 'x')});
  std::vector<SnapshotEvent> events;
  while (events.empty()) {
    uploads_.Wait(1000000);
    events = uploads_.TakeEvents();
  }
  EXPECT_EQ(events[0].task.subtask, 1);
  released.set_value();
}

TEST_F(Packs, SmallAndLargeOnesOfATaskAreToldInOrder) {
  for (std::int64_t checkpoint = 1; checkpoint <= 20; ++checkpoint)
    Snapshot({0, 0}, checkpoint, {std::string(checkpoint % 3 == 0 ? kPackBelow : 1, 'x')});
  const UploadThreads threads(&uploads_, 3);
  for (std::int64_t told = 0; told < 20;) {
    for (const SnapshotEvent& event : uploads_.TakeEvents()) EXPECT_EQ(event.checkpoint, ++told);
    uploads_.Wait(1000000);
  }
}

TEST_F(Packs, WhatHasNotEndedCrowdsNobody) {
  // Else tasks that wait for room could not end what would make it.
  SnapshotUploads uploads(store_.get(), &clock_, "many", Compression::kNone, 1 << 20);
  std::vector<std::unique_ptr<SnapshotFile>> open;
  for (int task = 0; task < 40; ++task) {
    open.push_back(uploads.Begin({0, task}, 1));
    ByteWriter block;
    block.PutBytes(std::string((1 << 20) - 1, 'x').data(), (1 << 20) - 1);
    open.back()->Add(0, SnapshotBlock::kRows, std::move(block));
  }
  EXPECT_FALSE(uploads.Crowded());
  for (const auto& file : open) file->End(1, {});
  EXPECT_TRUE(uploads.Crowded());
  while (uploads.RunOne()) {
  }
  EXPECT_EQ(uploads.waiting(), 0);
  std::map<std::string, std::uint64_t> packs;
  for (const SnapshotEvent& event : uploads.TakeEvents()) {
    EXPECT_TRUE(event.status.ok()) << event.status;
    packs[event.file.name] += event.file.bytes;
  }
  EXPECT_EQ(packs.size(), 10U) << "a pack has at most 4 MiB of blocks";
}

TEST_F(Packs, OfOneThatFailsAllPartsAreLost) {
  MemoryFileSystem files;
  const auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock_, "r", Compression::kNone, kPackBelow);
  std::int64_t checkpoint = 0;
  for (const std::string fails : {"create", "write", "sync", "close"}) {
    SCOPED_TRACE(fails);
    files.FailWhere([&](const std::string& operation, const std::string&) {
      return operation == fails ? Status::Unavailable("as asked") : Status::Ok();
    });
    ++checkpoint;
    for (int task = 0; task < 3; ++task) uploads.Begin({0, task}, checkpoint)->End(1, {});
    while (uploads.RunOne()) {
    }
    const auto events = uploads.TakeEvents();
    EXPECT_EQ(events.size(), 3U);
    for (const SnapshotEvent& event : events) EXPECT_FALSE(event.status.ok());
  }
}

TEST_F(Packs, PartsOfAGivenUpCheckpointAreDropped) {
  Snapshot({0, 0}, 1, {"dropped"});
  auto open = uploads_.Begin({0, 1}, 1);
  ByteWriter block;
  block.PutString("held");
  open->Add(0, SnapshotBlock::kRows, std::move(block));
  Snapshot({0, 2}, 2, {"kept"});
  uploads_.GiveUp(1);
  open->End(1, {});
  for (const SnapshotEvent& event : RunAll())
    EXPECT_EQ(event.status.ok(), event.checkpoint == 2) << event.task.subtask;
  EXPECT_EQ(uploads_.waiting(), 0);
  EXPECT_EQ(Names(), std::vector<std::string>{"r-v0-s2-c2-pack.snapshot"});
}

/// A manifest of two tasks of one vertex.
Manifest ManifestOf(std::int64_t id, Manifest::Chain first, Manifest::Chain second) {
  Manifest manifest;
  manifest.job = "job";
  manifest.id = id;
  manifest.vertices.push_back({{"op"}, {std::move(first), std::move(second)}});
  return manifest;
}

TEST_F(Packs, OneStaysAsLongAsAnyOfItsPartsIsNamed) {
  std::vector<Manifest::File> a, b;
  for (std::int64_t id = 1; id <= 3; ++id) {
    Snapshot({0, 0}, id, {"a"});
    Snapshot({0, 1}, id, {"b"});
    const auto events = RunAll();
    a.push_back(events[0].file);
    b.push_back(events[1].file);
    // The first task's is whole each time, the second's builds on all before.
    ASSERT_TRUE(store_->Write(ManifestOf(id, {a.back()}, b)).ok());
    store_->Retain(1);
  }
  EXPECT_EQ(Names().size(), 3U);
  Snapshot({0, 0}, 4, {"a"});
  Snapshot({0, 1}, 4, {"b"});
  const auto events = RunAll();
  ASSERT_TRUE(store_->Write(ManifestOf(4, {a.back()}, {events[1].file})).ok());
  store_->Retain(1);
  EXPECT_EQ(Names(),
            (std::vector<std::string>{"r-v0-s0-c3-pack.snapshot", "r-v0-s0-c4-pack.snapshot"}));
}

TEST_F(Packs, RestoringReadsEachTasksPartAlone) {
  Snapshot({0, 0}, 1, {"a1"});
  Snapshot({0, 1}, 1, {"b1", "b2"});
  const auto events = RunAll();
  ASSERT_TRUE(store_->Write(ManifestOf(1, {events[0].file}, {events[1].file})).ok());
  const auto restore = CheckpointRestore::Open(files_, "chk", *store_->manifests().at(1));
  ASSERT_TRUE(restore.ok()) << restore.status();
  EXPECT_EQ(restore.value()->OperatorsWithState(), std::vector<std::string>{"op"});
  for (int subtask = 0; subtask < 2; ++subtask) {
    const auto op = restore.value()->For("op", {"op"}, subtask, 2);
    std::string found;
    const auto add = [&](const OperatorRestore::Block& block) {
      found += std::string(block.bytes) + ";";
      return Status::Ok();
    };
    ASSERT_TRUE(op->ForEach(0, 0, SnapshotBlock::kRows, add).ok());
    EXPECT_EQ(found, subtask == 0 ? "a1;" : "b1;b2;");
  }
}

TEST_F(Packs, EveryFlippedBitIsFoundAndAnUnnamedPackIsAnOrphan) {
  MemoryFileSystem files;
  auto store = CheckpointStore::Open(&files, "chk", "a test").value();
  SnapshotUploads uploads(store.get(), &clock_, "r", Compression::kNone, kPackBelow);
  for (const std::int64_t id : {1, 2}) {
    for (int task = 0; task < 2; ++task) uploads.Begin({0, task}, id)->End(1, {});
    while (uploads.RunOne()) {
    }
    const auto events = uploads.TakeEvents();
    if (id == 1) ASSERT_TRUE(store->Write(ManifestOf(id, {events[0].file}, {events[1].file})).ok());
  }
  const auto report = ScrubCheckpoints(files, "chk");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report.value().checkpoints.at(0).status.ok());
  const std::vector<std::string> orphans = {"tasks/r-v0-s0-c2-pack.snapshot"};
  EXPECT_EQ(report.value().orphans, orphans);
  std::string* bytes = files.Bytes("chk/tasks/r-v0-s0-c1-pack.snapshot");
  for (char& byte : *bytes) {
    byte = static_cast<char>(byte ^ 4);
    EXPECT_FALSE(ScrubCheckpoints(files, "chk").value().checkpoints.at(0).status.ok());
    byte = static_cast<char>(byte ^ 4);
  }
  store.reset();
  const auto removed = RemoveOrphans(files, "chk");
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed.value(), orphans);
  EXPECT_TRUE(ScrubCheckpoints(files, "chk").value().checkpoints.at(0).status.ok());
}

/// A file of blocks as a test wants them.
BlockFileReader Written(MemoryFileSystem& files,
                        const std::vector<std::pair<std::uint16_t, std::string>>& blocks) {
  if (files.Bytes("f") != nullptr) EXPECT_TRUE(files.Remove("f").ok());
  BlockFileWriter writer(files.Create("f").value(), "f");
  for (const auto& [kind, content] : blocks) EXPECT_TRUE(writer.Add(kind, content).ok());
  EXPECT_TRUE(writer.Finish().ok());
  return BlockFileReader::Open(files, "f").value();
}
std::string Head(int subtask, std::int64_t checkpoint, std::uint32_t blocks) {
  return std::string(PackPart{{0, subtask}, checkpoint, blocks}.Encoded().view());
}

TEST(FindPart, WhatIsNotAsTheManifestSaysIsRefusedWithFileAndPlace) {
  MemoryFileSystem files;
  // Parts at 16 and 61, 45 bytes and 32 bytes.
  const std::vector<std::pair<std::uint16_t, std::string>> blocks = {
      {kPackPart, Head(0, 7, 1)}, {3, "x"}, {kPackPart, Head(1, 7, 0)}};
  const BlockFileReader reader = Written(files, blocks);
  EXPECT_EQ(Content(FindPart(reader, {"f", 7, 45, 16}, 0)), "x;");
  EXPECT_EQ(Content(FindPart(reader, {"f", 7, 32, 61}, 1)), "");
  const auto refused = [](const BlockFileReader& in, const Manifest::File& file, int subtask) {
    const auto part = FindPart(in, file, subtask);
    EXPECT_EQ(part.status().code(), StatusCode::kDataLoss);
    return part.status().message();
  };
  EXPECT_EQ(refused(reader, {"f", 7, 45, 0}, 0),
            "read 'f': a part of a pack begins at 16, and the manifest names it as the file of "
            "one task");
  for (const std::uint64_t offset :
       {std::uint64_t{1}, std::uint64_t{17}, std::uint64_t{48}, std::uint64_t{93}, UINT64_MAX}) {
    EXPECT_EQ(refused(reader, {"f", 7, 45, offset}, 0),
              "read 'f': no part of a pack begins at " + std::to_string(offset));
  }
  EXPECT_EQ(refused(reader, {"f", 7, 45, 16}, 1),
            "read 'f': the part at 16 is of subtask 0 for checkpoint 7, the manifest names it as "
            "of subtask 1 for checkpoint 7");
  EXPECT_EQ(refused(reader, {"f", 8, 45, 16}, 0),
            "read 'f': the part at 16 is of subtask 0 for checkpoint 7, the manifest names it as "
            "of subtask 0 for checkpoint 8");
  EXPECT_EQ(refused(reader, {"f", 7, 46, 16}, 0),
            "read 'f': the part at 16 has 45 bytes, the manifest says 46");
  for (const std::uint32_t claimed : {0u, 2u, UINT32_MAX}) {
    auto lying = blocks;
    lying[0].second = Head(0, 7, claimed);
    EXPECT_EQ(refused(Written(files, lying), {"f", 7, 45, 16}, 0),
              "read 'f': the part at 16 has 1 blocks and claims " + std::to_string(claimed));
  }
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{19}, std::size_t{21}}) {
    auto cut = blocks;
    cut[0].second = Head(0, 7, 1) + "x";
    cut[0].second.resize(bytes);
    EXPECT_EQ(refused(Written(files, cut), {"f", 7, 45, 16}, 0),
              "read 'f': the part at 16 does not say whose it is");
  }
}

TEST(FindPart, AFileOfOneTaskIsThatAsAWhole) {
  MemoryFileSystem files;
  EXPECT_EQ(Content(FindPart(Written(files, {{3, "x"}, {35, "y"}}), {"f", 1, 0, 0}, 4)), "x;y;");
  EXPECT_EQ(Content(FindPart(Written(files, {}), {"f", 1, 0, 0}, 4)), "");
}

TEST(PackManifest, IsOfVersionTwoOnlyIfItNamesAPart) {
  const auto version = [](const std::string& encoded) { return static_cast<int>(encoded.at(1)); };
  const Manifest plain = ManifestOf(1, {{"tasks/a", 1, 5, 0}}, {});
  Manifest packed = ManifestOf(1, {{"tasks/a", 1, 5, 0}}, {{"tasks/b", 1, 7, 90}});
  EXPECT_EQ(version(plain.Encoded()), 1) << "older programs read it";
  EXPECT_EQ(version(packed.Encoded()), 2) << "older programs refuse it";
  const auto again = Manifest::Decode(packed.Encoded(), "m");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again.value().vertices[0].tasks[1][0].offset, 90U);
}

}  // namespace
}  // namespace millrace
