// The checkpoint folder under loss of power and failing calls.
#include "runtime/checkpoint/checkpoint_store.h"

#include <gtest/gtest.h>

#include <string>

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
void Touch(MemoryFileSystem& files, const std::string& path) {
  auto file = files.Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file.value()->Append("abc").ok());
  ASSERT_TRUE(file.value()->Sync().ok());
  ASSERT_TRUE(file.value()->Close().ok());
}

TEST(CheckpointStore, AManifestIsReadBackAsItWas) {
  MemoryFileSystem files;
  auto store = CheckpointStore::Open(&files, "chk");
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(store.value().Write(Of(17, {"tasks/x"})).ok());
  files.Crash();
  auto again = CheckpointStore::Open(&files, "chk");
  ASSERT_TRUE(again.ok());
  ASSERT_EQ(again.value().manifests().size(), 1U);
  const auto read = again.value().Read(17);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read.value().Encoded(), Of(17, {"tasks/x"}).Encoded());
  EXPECT_EQ(again.value().Read(16).status().code(), StatusCode::kNotFound);
}

TEST(CheckpointStore, AManifestIsThereWholeOrNotAtAll) {
  int whole = 0, absent = 0;
  for (int fail_at = 1; fail_at < 30; ++fail_at) {
    MemoryFileSystem files(static_cast<std::uint64_t>(fail_at));
    auto store = CheckpointStore::Open(&files, "chk");
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(store.value().Write(Of(1, {})).ok());
    int calls = 0;
    files.FailWhere([&](const std::string& operation, const std::string& path) {
      return ++calls >= fail_at
                 ? Status(StatusCode::kUnavailable, operation + " '" + path + "': as asked")
                 : Status::Ok();
    });
    const Status written = store.value().Write(Of(2, {}));
    files.FailWhere(nullptr);
    files.Crash();
    auto again = CheckpointStore::Open(&files, "chk");
    ASSERT_TRUE(again.ok());
    ASSERT_TRUE(again.value().Read(1).ok()) << "the older one is never harmed";
    if (again.value().manifests().count(2) != 0) {
      ++whole;
      EXPECT_TRUE(again.value().Read(2).ok()) << fail_at;
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
  auto store = CheckpointStore::Open(&files, "chk");
  ASSERT_TRUE(store.ok());
  for (const char* name : {"chk/tasks/a", "chk/tasks/b", "chk/tasks/c", "chk/tasks/d"})
    Touch(files, name);
  ASSERT_TRUE(store.value().Write(Of(1, {"tasks/a"})).ok());
  ASSERT_TRUE(store.value().Write(Of(2, {"tasks/a", "tasks/b"})).ok());
  ASSERT_TRUE(store.value().Write(Of(3, {"tasks/b", "tasks/c"})).ok());
  store.value().Retain(2);
  EXPECT_EQ(files.Bytes("chk/checkpoint-1.manifest"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/a"), nullptr) << "checkpoint 2 names it";
  store.value().Retain(1);
  EXPECT_EQ(files.Bytes("chk/tasks/a"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/b"), nullptr);
  EXPECT_NE(files.Bytes("chk/tasks/d"), nullptr) << "nobody names it, nobody removes it";
  EXPECT_NE(files.Bytes("chk/checkpoint-3.manifest"), nullptr);
}

TEST(CheckpointStore, DamagedAndForeignManifestsAreRefused) {
  MemoryFileSystem files;
  auto store = CheckpointStore::Open(&files, "chk");
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(store.value().Write(Of(1, {"tasks/a"})).ok());
  std::string* bytes = files.Bytes("chk/checkpoint-1.manifest");
  const std::string good = *bytes;
  for (std::size_t at = 0; at < good.size(); ++at) {
    *bytes = good;
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 4);
    const auto read = store.value().Read(1);
    ASSERT_FALSE(read.ok()) << at;
    ASSERT_NE(read.status().message().find("checkpoint-1.manifest"), std::string::npos)
        << read.status();
  }
}

}  // namespace
}  // namespace millrace
