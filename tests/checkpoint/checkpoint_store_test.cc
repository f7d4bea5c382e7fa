// The checkpoint folder under loss of power and failing calls.
#include "runtime/checkpoint/checkpoint_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

Manifest Of(std::int64_t id, const std::vector<std::string>& files) {
  Manifest manifest;
  manifest.job = "job";
  manifest.id = id;
  manifest.vertices.push_back({{"a", "b"}, {{}}});
  for (const std::string& file : files) manifest.vertices[0].tasks[0].push_back({file, id, 3});
  manifest.sources.push_back({"a", std::string("x\0y", 3)});
  return manifest;
}
std::unique_ptr<CheckpointStore> Opened(MemoryFileSystem& files) {
  auto store = CheckpointStore::Open(&files, "chk", "a test");
  EXPECT_TRUE(store.ok()) << store.status();
  return std::move(store).value();
}
void Touch(MemoryFileSystem& files, const std::string& path) {
  auto file = files.Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file.value()->Append("abc").ok());
  ASSERT_TRUE(file.value()->Sync().ok());
  ASSERT_TRUE(file.value()->Close().ok());
}

TEST(CheckpointStore, AManifestIsReadBackAsItWas) {
  MemoryFileSystem files;
  Manifest manifest = Of(17, {"tasks/x"});
  manifest.job_id = manifest.run = "r1";
  manifest.operators.push_back({"b", "int64", {{"sum", "value", "int32"}}});
  manifest.subtasks.push_back({0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  ASSERT_TRUE(Opened(files)->Write(manifest).ok());
  files.Crash();
  const auto read = ReadManifest(files, "chk/checkpoint-17.manifest");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read.value().Encoded(), manifest.Encoded());
  EXPECT_EQ(read.value().operators[0].states[0].schema, "int32");
  EXPECT_EQ(read.value().subtasks[0].step, 5);
  EXPECT_EQ(read.value().subtasks[0].in_flight, 9U);
  EXPECT_EQ(read.value().subtasks[0].full_bytes, 10U);
  EXPECT_EQ(ReadManifest(files, "chk/checkpoint-16.manifest").status().code(),
            StatusCode::kNotFound);
}

TEST(CheckpointStore, AManifestNamesNoFileOutsideOfItsFolder) {
  for (const char* name : {"../a", "tasks/../../a", "/a", "tasks/..", ""}) {
    const auto read = Manifest::Decode(Of(1, {name}).Encoded(), "m");
    EXPECT_EQ(read.status().code(), StatusCode::kDataLoss) << name;
  }
  for (const char* name : {"a", "tasks/..a", "tasks/a..", "tasks/./a"})
    EXPECT_TRUE(Manifest::Decode(Of(1, {name}).Encoded(), "m").ok()) << name;
}

TEST(CheckpointStore, AManifestWhoseWriteFailedMayBeThereAllTheSame) {
  for (const std::string at : {"rename", "sync folder"}) {
    MemoryFileSystem files;
    const auto store = Opened(files);
    ASSERT_TRUE(store->Write(Of(1, {})).ok());
    files.FailWhere([&](const std::string& operation, const std::string& path) {
      const bool here = operation == at && !path.ends_with("tasks");
      return here ? Status::Unavailable("planted") : Status::Ok();
    });
    EXPECT_FALSE(store->Write(Of(2, {})).ok()) << at;
    EXPECT_EQ(store->written(), 1) << at;
    if (at == "sync folder") {
      EXPECT_FALSE(store->Settle().ok());  // it is still not known
      EXPECT_FALSE(store->Write(Of(3, {})).ok());
    }
    files.FailWhere(nullptr);
    ASSERT_TRUE(store->Settle().ok()) << at;
    EXPECT_EQ(store->written(), at == "rename" ? 1 : 2);
    files.Crash();
    EXPECT_EQ(ListManifests(files, "chk").value().size(), at == "rename" ? 1U : 2U);
  }
}

TEST(CheckpointStore, WhatIsFoundIsDurableFromThenOn) {
  MemoryFileSystem files;
  Opened(files);
  files.FailWhere([](const std::string& operation, const std::string& path) {
    return operation == "sync folder" && path == "chk" ? Status::Unavailable("planted")
                                                       : Status::Ok();
  });
  {
    auto store = CheckpointStore::OpenedElsewhere(&files, "chk");
    EXPECT_FALSE(store->Write(Of(1, {})).ok());  // as if it was killed there
  }
  files.FailWhere(nullptr);
  EXPECT_EQ(Opened(files)->newest(), 1);
  files.Crash();
  EXPECT_EQ(Opened(files)->newest(), 1);
}

TEST(CheckpointStore, TheFolderItselfSurvivesTheLossOfPower) {
  MemoryFileSystem files;
  const std::string folder = "jobs/of/mine/chk";
  {
    auto store = CheckpointStore::Open(&files, folder, "a test");
    ASSERT_TRUE(store.ok()) << store.status();
    Touch(files, folder + "/tasks/a");
    ASSERT_TRUE(store.value()->Write(Of(1, {"tasks/a"})).ok());
  }
  files.Crash();
  EXPECT_NE(files.Bytes(folder + "/tasks/a"), nullptr);
  EXPECT_EQ(ListManifests(files, folder).value().size(), 1U);
}

TEST(CheckpointStore, AManifestIsThereWholeOrNotAtAll) {
  int whole = 0, absent = 0;
  for (int fail_at = 1; fail_at < 30; ++fail_at) {
    MemoryFileSystem files(static_cast<std::uint64_t>(fail_at));
    Status written;
    {
      const auto store = Opened(files);
      ASSERT_TRUE(store->Write(Of(1, {})).ok());
      int calls = 0;
      files.FailWhere([&](const std::string& operation, const std::string& path) {
        return ++calls >= fail_at
                   ? Status(StatusCode::kUnavailable, operation + " '" + path + "': as asked")
                   : Status::Ok();
      });
      written = store->Write(Of(2, {}));
      files.FailWhere(nullptr);
    }
    files.Crash();
    const auto again = Opened(files);
    ASSERT_TRUE(again->manifests().at(1).has_value()) << "the older one is never harmed";
    const auto two = again->manifests().find(2);
    if (two != again->manifests().end()) {
      ++whole;
      EXPECT_TRUE(two->second.has_value()) << fail_at;
    } else {
      ++absent;
      EXPECT_FALSE(written.ok()) << fail_at;
    }
  }
  EXPECT_GT(whole, 0);
  EXPECT_GT(absent, 4);
}

TEST(CheckpointStore, KeepsTheNewestAndWhatTheyName) {
  MemoryFileSystem files;
  const auto store = Opened(files);
  for (const char* name : {"chk/tasks/a", "chk/tasks/b", "chk/tasks/c", "chk/tasks/d"})
    Touch(files, name);
  ASSERT_TRUE(store->Write(Of(1, {"tasks/a"})).ok());
  ASSERT_TRUE(store->Write(Of(2, {"tasks/a", "tasks/b"})).ok());
  ASSERT_TRUE(store->Write(Of(3, {"tasks/b", "tasks/c"})).ok());
  store->Retain(2);
  EXPECT_EQ(files.Bytes("chk/checkpoint-1.manifest"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/a"), nullptr) << "checkpoint 2 names it";
  store->Retain(1);
  EXPECT_EQ(files.Bytes("chk/tasks/a"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/b"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/d"), nullptr) << "nobody names it, nobody removes it";
  EXPECT_NE(files.Bytes("chk/checkpoint-3.manifest"), nullptr);
}

Manifest OfJob(const std::string& job_id, std::int64_t id, const std::vector<std::string>& files) {
  Manifest manifest = Of(id, files);
  manifest.job_id = job_id;
  return manifest;
}

/// Checkpoint 1 with file a, 2 with a and b; then a run that writes 3 and 4 with b and c.
void TwoRuns(MemoryFileSystem& files, bool adopts) {
  for (const char* name : {"chk/tasks/a", "chk/tasks/b", "chk/tasks/c"}) {
    Opened(files);
    Touch(files, name);
  }
  {
    const auto first = Opened(files);
    ASSERT_TRUE(first->Write(OfJob("x", 1, {"tasks/a"})).ok());
    ASSERT_TRUE(first->Write(OfJob("x", 2, {"tasks/a", "tasks/b"})).ok());
  }
  const auto second = Opened(files);
  if (adopts) second->Adopt("x");
  ASSERT_TRUE(second->Write(OfJob("x", 3, {"tasks/b"})).ok());
  ASSERT_TRUE(second->Write(OfJob("x", 4, {"tasks/c"})).ok());
  second->Retain(1);
}

TEST(CheckpointStore, CheckpointsOfEarlierRunsStayWithAllTheirFiles) {
  MemoryFileSystem files;
  TwoRuns(files, false);
  EXPECT_EQ(files.Bytes("chk/checkpoint-3.manifest"), nullptr);
  EXPECT_NE(files.Bytes("chk/checkpoint-1.manifest"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/b"), nullptr) << "checkpoint 2 of the earlier run names it";
}

TEST(CheckpointStore, WhoGoesOnFromThemCountsThemToo) {
  MemoryFileSystem files;
  TwoRuns(files, true);
  EXPECT_EQ(files.Bytes("chk/checkpoint-2.manifest"), nullptr);
  EXPECT_EQ(files.Bytes("chk/tasks/b"), nullptr);
  EXPECT_NE(files.Bytes("chk/checkpoint-4.manifest"), nullptr);
}

TEST(CheckpointStore, ADamagedManifestKeepsEveryFileThatItMayName) {
  MemoryFileSystem files;
  Opened(files);
  Touch(files, "chk/tasks/a");
  ASSERT_TRUE(Opened(files)->Write(OfJob("x", 1, {"tasks/a"})).ok());
  files.Bytes("chk/checkpoint-1.manifest")->pop_back();
  const auto store = Opened(files);
  ASSERT_TRUE(store->Write(OfJob("x", 2, {"tasks/a"})).ok());
  ASSERT_TRUE(store->Write(OfJob("x", 3, {})).ok());
  store->Retain(1);
  EXPECT_EQ(files.Bytes("chk/checkpoint-2.manifest"), nullptr);
  EXPECT_NE(files.Bytes("chk/checkpoint-1.manifest"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/a"), nullptr);
}

TEST(CheckpointStore, IsOneJobsAtATime) {
  MemoryFileSystem files;
  auto first = Opened(files);
  const auto second = CheckpointStore::Open(&files, "chk", "another");
  EXPECT_EQ(second.status().code(), StatusCode::kAlreadyExists);
  EXPECT_NE(second.status().message().find("a test has it"), std::string::npos) << second.status();
  first.reset();
  EXPECT_TRUE(CheckpointStore::Open(&files, "chk", "another").ok());
}

TEST(CheckpointFolder, DamagedAndForeignManifestsAreRefused) {
  MemoryFileSystem files;
  ASSERT_TRUE(Opened(files)->Write(Of(1, {"tasks/a"})).ok());
  std::string* bytes = files.Bytes("chk/checkpoint-1.manifest");
  const std::string good = *bytes;
  for (std::size_t at = 0; at < good.size(); ++at) {
    *bytes = good;
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 4);
    const auto read = ReadManifest(files, "chk/checkpoint-1.manifest");
    ASSERT_FALSE(read.ok()) << at;
    ASSERT_NE(read.status().message().find("checkpoint-1.manifest"), std::string::npos)
        << read.status();
  }
}

}  // namespace
}  // namespace millrace
