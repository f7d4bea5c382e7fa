// Block files: what is written is read; whatever is cut off, damaged or foreign is an error that says so.
#include "millrace/storage/block_file.h"

#include <gtest/gtest.h>

#include "millrace/base/random.h"
#include "millrace/storage/crc32c.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using test_support::Seeds;

struct Block {
  std::uint16_t kind;
  std::string content;
};

std::string RandomBytes(Random& random, std::size_t bytes) {
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random.Uniform(256));
  return text;
}

Status WriteFile(FileSystem& files, const std::string& path, const std::vector<Block>& blocks,
                 Compression compression = Compression::kNone) {
  auto file = files.Create(path);
  if (!file.ok()) return file.status();
  BlockFileWriter writer(std::move(file).value(), path, compression);
  for (const Block& block : blocks) MILLRACE_RETURN_IF_ERROR(writer.Add(block.kind, block.content));
  return writer.Finish();
}

/// The first error on the way to the whole content.
Status ReadFile(FileSystem& files, const std::string& path, std::vector<Block>* blocks = nullptr) {
  auto reader = BlockFileReader::Open(files, path);
  if (!reader.ok()) return reader.status();
  for (const BlockEntry& entry : reader.value().blocks()) {
    std::string content;
    MILLRACE_RETURN_IF_ERROR(reader.value().Read(entry, &content));
    if (blocks != nullptr) blocks->push_back({entry.kind, content});
  }
  return Status::Ok();
}

const std::vector<Block> kBlocks = {{1, "first"}, {2, ""}, {1, std::string(10000, 'x')}};

TEST(BlockFile, GivesBackWhatWasWritten) {
  for (const std::uint64_t seed : Seeds(1, 20)) {
    Random random(seed);
    MemoryFileSystem files;
    std::vector<Block> blocks;
    for (std::size_t i = random.Uniform(20); i > 0; --i) {
      blocks.push_back({static_cast<std::uint16_t>(random.Uniform(0xff00)),
                        RandomBytes(random, random.Uniform(20000))});
    }
    for (Block& block : blocks) {  // some that compress well
      if (random.Chance(0.5))
        block.content = RandomBytes(random, 1) + std::string(block.content.size(), 'z');
    }
    const auto compression = random.Chance(0.5) ? Compression::kZstd : Compression::kNone;
    ASSERT_EQ(WriteFile(files, "f", blocks, compression).ToString(), "OK");
    std::vector<Block> read;
    ASSERT_EQ(ReadFile(files, "f", &read).ToString(), "OK");
    ASSERT_EQ(read.size(), blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      EXPECT_EQ(read[i].kind, blocks[i].kind);
      EXPECT_EQ(read[i].content, blocks[i].content);
    }
  }
}

TEST(BlockFile, AFileThatIsCutOffAnywhereIsLost) {
  MemoryFileSystem files;
  ASSERT_EQ(WriteFile(files, "f", {{1, "first"}, {2, ""}, {3, "third"}}).ToString(), "OK");
  const std::string whole = *files.Bytes("f");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    *files.Bytes("f") = whole.substr(0, size);
    const Status status = ReadFile(files, "f");
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << size << ": " << status;
    EXPECT_EQ(status.message().find("read 'f' ("), 0U) << status;
  }
}

TEST(BlockFile, EveryFlippedBitIsFound) {
  for (const auto compression : {Compression::kNone, Compression::kZstd}) {
    MemoryFileSystem files;
    const std::vector<Block> blocks = {{1, "first"}, {2, ""}, {3, std::string(500, 'x')}};
    ASSERT_EQ(WriteFile(files, "f", blocks, compression).ToString(), "OK");
    const std::string whole = *files.Bytes("f");
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      *files.Bytes("f") = whole;
      (*files.Bytes("f"))[bit / 8] ^= static_cast<char>(1 << bit % 8);
      EXPECT_FALSE(ReadFile(files, "f").ok()) << "bit " << bit;
    }
  }
}

TEST(BlockFile, SaysWhatIsWrong) {
  MemoryFileSystem files;
  ASSERT_EQ(WriteFile(files, "f", kBlocks).ToString(), "OK");
  const std::string whole = *files.Bytes("f");
  const auto said = [&](const std::string& bytes) {
    *files.Bytes("f") = bytes;
    return ReadFile(files, "f").ToString();
  };
  EXPECT_EQ(said("name,value\n1,2\n and more"),
            "INVALID_ARGUMENT: read 'f': it is no file of blocks of Millrace");
  EXPECT_EQ(said(whole + "x"),
            "DATA_LOSS: read 'f' (10142 bytes): it does not end with a trailer: cut "
            "off, or damaged there");
  std::string damaged = whole;
  damaged[16 + 12] ^= 1;
  EXPECT_EQ(said(damaged),
            "DATA_LOSS: read 'f' (10141 bytes): block at 16 of kind 1: its checksum is wrong");
  std::string newer = whole;
  newer[8] = 3;
  const std::uint32_t checksum = Crc32c(std::string_view(newer).substr(0, 12));
  newer.replace(12, 4, reinterpret_cast<const char*>(&checksum), 4);
  EXPECT_EQ(said(newer),
            "UNIMPLEMENTED: read 'f': its format version is 3, this program reads versions 1 to 2");
}

TEST(BlockFile, CompressesWhatGetsSmaller) {
  MemoryFileSystem files;
  Random random(1);
  const std::string noise = RandomBytes(random, 5000);
  ASSERT_EQ(WriteFile(files, "plain", kBlocks).ToString(), "OK");
  ASSERT_EQ(WriteFile(files, "f", kBlocks, Compression::kZstd).ToString(), "OK");
  EXPECT_LT(files.Bytes("f")->size(), 300U);
  // A file without is as it was before there was compression, and one that does not get smaller is hardly larger.
  EXPECT_EQ((*files.Bytes("plain"))[8], 1);
  ASSERT_EQ(WriteFile(files, "noise", {{1, noise}}, Compression::kZstd).ToString(), "OK");
  EXPECT_LT(files.Bytes("noise")->size(), noise.size() + 100);
  std::vector<Block> read;
  ASSERT_EQ(ReadFile(files, "noise", &read).ToString(), "OK");
  EXPECT_EQ(read[0].content, noise);
}

TEST(BlockFile, WhatIsCompressedHasNoMoreThanABlockMayHave) {
  const std::string much(kMaxBlockBytes + 1, 'x');
  std::string packed, bytes;
  ASSERT_TRUE(PackZstd(much, &packed));
  EXPECT_FALSE(UnpackZstd(packed, kMaxBlockBytes, &bytes));
  EXPECT_LT(bytes.capacity(), 1000U);
  EXPECT_TRUE(UnpackZstd(packed, much.size(), &bytes));
  EXPECT_FALSE(UnpackZstd(packed.substr(0, packed.size() - 1), much.size(), &bytes));
  EXPECT_FALSE(UnpackZstd("no frame at all", much.size(), &bytes));
}

TEST(BlockFile, IsSyncedWhenItIsFinished) {
  MemoryFileSystem files;
  ASSERT_EQ(files.MakeFolder("a").ToString(), "OK");
  ASSERT_EQ(WriteFile(files, "a/f", kBlocks).ToString(), "OK");
  ASSERT_EQ(files.SyncFolder("a").ToString(), "OK");
  files.Crash();
  EXPECT_EQ(ReadFile(files, "a/f").ToString(), "OK");
}

TEST(BlockFile, ErrorsOfTheFileSystemAreHandedOn) {
  for (const char* operation : {"write", "sync", "close"}) {
    MemoryFileSystem files;
    files.FailWhere([&](const std::string& what, const std::string&) {
      return what == operation ? Status::ResourceExhausted("no space") : Status::Ok();
    });
    EXPECT_EQ(WriteFile(files, "f", kBlocks).message(), "no space") << operation;
  }
}

}  // namespace
}  // namespace millrace
