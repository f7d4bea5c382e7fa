#include "runtime/checkpoint/folder_care.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/checkpoint/snapshot_uploads.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

/// Two checkpoints that share the first's file, and a file of a third that never became complete.
class FolderCare : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = CheckpointStore::Open(&files_, "chk", "a test").value();
    uploads_.emplace(store_.get(), &clock_, "r");
    Manifest manifest;
    manifest.job = "job";
    manifest.vertices.push_back({{"op"}, {{}}});
    for (std::int64_t id = 1; id <= 3; ++id) {
      auto file = uploads_->Begin({0, 0}, id);
      ByteWriter block;
      block.PutString("state");
      file->Add(0, SnapshotBlock::kRows, std::move(block));
      file->End(1, {});
      while (uploads_->RunOne()) {
      }
      manifest.id = id;
      manifest.vertices[0].tasks[0].push_back(uploads_->TakeEvents().front().file);
      if (id < 3) ASSERT_TRUE(store_->Write(manifest).ok());
    }
    ASSERT_TRUE(files_.Create("chk/checkpoint-3.manifest.unfinished").ok());
  }
  MemoryFileSystem files_;
  ManualClock clock_;
  std::unique_ptr<CheckpointStore> store_;
  std::optional<SnapshotUploads> uploads_;
  const std::vector<std::string> orphans_ = {"checkpoint-3.manifest.unfinished",
                                             "tasks/r-v0-s0-c3.snapshot"};
};

TEST_F(FolderCare, ScrubbingFindsEveryFlippedBit) {
  const auto report = ScrubCheckpoints(files_, "chk");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report.value().checkpoints.size(), 2U);
  for (const auto& c : report.value().checkpoints) EXPECT_TRUE(c.status.ok()) << c.status;
  EXPECT_GT(report.value().checkpoints[1].bytes, report.value().checkpoints[0].bytes);
  EXPECT_EQ(report.value().orphans, orphans_);
  std::string* bytes = files_.Bytes("chk/tasks/r-v0-s0-c2.snapshot");
  for (std::size_t at = 0; at < bytes->size(); ++at) {
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 16);
    const auto damaged = ScrubCheckpoints(files_, "chk");
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 16);
    ASSERT_TRUE(damaged.ok());
    EXPECT_TRUE(damaged.value().checkpoints[0].status.ok());
    EXPECT_FALSE(damaged.value().checkpoints[1].status.ok()) << "byte " << at;
  }
}

TEST_F(FolderCare, CleaningRemovesOrphansAlone) {
  EXPECT_EQ(RemoveOrphans(files_, "chk").status().code(), StatusCode::kAlreadyExists)
      << "a job has the folder";
  store_.reset();
  const auto removed = RemoveOrphans(files_, "chk");
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed.value(), orphans_);
  const auto after = ScrubCheckpoints(files_, "chk");
  EXPECT_TRUE(after.value().orphans.empty());
  for (const auto& c : after.value().checkpoints) EXPECT_TRUE(c.status.ok()) << c.status;
}

TEST_F(FolderCare, WithADamagedManifestNothingIsRemoved) {
  store_.reset();
  files_.Bytes("chk/checkpoint-2.manifest")->pop_back();
  EXPECT_EQ(RemoveOrphans(files_, "chk").status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(ScrubCheckpoints(files_, "chk").value().orphans.size(), 3U) << "what 2 named, too";
  EXPECT_NE(files_.Bytes("chk/tasks/r-v0-s0-c2.snapshot"), nullptr);
  EXPECT_NE(files_.Bytes("chk/tasks/r-v0-s0-c3.snapshot"), nullptr);
}

TEST_F(FolderCare, AFolderThatIsNotThereStaysSo) {
  EXPECT_EQ(ScrubCheckpoints(files_, "no").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(RemoveOrphans(files_, "no").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace millrace
