// Blocks that are read ahead come in their order, of small files and of large ones; a damaged one is an error where it stands.
#include "runtime/checkpoint/restore/block_read_ahead.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

std::string Content(std::size_t i, std::size_t bytes) {
  std::string content(bytes, static_cast<char>('a' + i % 26));
  return content.replace(0, std::to_string(i).size(), std::to_string(i));
}

BlockFileReader Written(MemoryFileSystem& files, std::size_t blocks, std::size_t bytes) {
  auto file = files.Create("file");
  EXPECT_TRUE(file.ok()) << file.status();
  BlockFileWriter writer(std::move(file).value(), "file");
  for (std::size_t i = 0; i < blocks; ++i) EXPECT_TRUE(writer.Add(1, Content(i, bytes)).ok());
  EXPECT_TRUE(writer.Finish().ok());
  auto reader = BlockFileReader::Open(files, "file");
  EXPECT_TRUE(reader.ok()) << reader.status();
  return std::move(reader).value();
}

TEST(BlockReadAhead, GivesAllInTheirOrder) {
  for (const std::size_t bytes : {100, 100000}) {  // the second is much: a thread reads
    MemoryFileSystem files;
    const BlockFileReader reader = Written(files, 100, bytes);
    BlockReadAhead blocks(&reader, reader.blocks());
    for (std::size_t i = 0; i < 100; ++i) {
      const std::string* content = nullptr;
      ASSERT_TRUE(blocks.Next(&content).ok());
      ASSERT_EQ(*content, Content(i, bytes));
    }
  }
}

TEST(BlockReadAhead, StopsInTheMiddle) {
  MemoryFileSystem files;
  const BlockFileReader reader = Written(files, 100, 100000);
  for (const std::size_t asked : {0, 1, 50}) {
    BlockReadAhead blocks(&reader, reader.blocks());
    const std::string* content = nullptr;
    for (std::size_t i = 0; i < asked; ++i) ASSERT_TRUE(blocks.Next(&content).ok());
  }
}

TEST(BlockReadAhead, AnErrorIsThatOfItsBlock) {
  MemoryFileSystem files;
  const BlockFileReader reader = Written(files, 100, 100000);
  std::vector<BlockEntry> wanted = reader.blocks();
  ++wanted[60].offset;
  BlockReadAhead blocks(&reader, wanted);
  const std::string* content = nullptr;
  for (std::size_t i = 0; i < 60; ++i) ASSERT_TRUE(blocks.Next(&content).ok());
  EXPECT_EQ(blocks.Next(&content).code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace millrace
