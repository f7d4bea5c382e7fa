// The memory for what is on its way to a disk.
#include "src/io/write_blocks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <vector>

#include "millrace/io/bytes.h"

namespace millrace {
namespace {

TEST(WriteBlocksTest, EachIsItsOwnersUntilItIsGivenBackAndTheLastComesFirst) {
  WriteBlocks blocks;
  std::vector<char*> taken;
  while (char* const block = blocks.Take()) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % ByteWriter::kPage, 0U);
    std::memset(block, static_cast<int>(taken.size()), WriteBlocks::kBlockBytes);
    taken.push_back(block);
  }
  ASSERT_EQ(taken.size(), WriteBlocks::kBlocks);
  EXPECT_EQ(std::set<char*>(taken.begin(), taken.end()).size(), taken.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    EXPECT_EQ(taken[i][0], static_cast<char>(i));
    EXPECT_EQ(taken[i][WriteBlocks::kBlockBytes - 1], static_cast<char>(i));
  }
  blocks.Give(taken[3]);
  blocks.Give(taken[40]);
  EXPECT_EQ(blocks.Take(), taken[40]);
  EXPECT_EQ(blocks.Take(), taken[3]);
  EXPECT_EQ(blocks.Take(), nullptr);
  for (char* const block : taken) blocks.Give(block);
}

std::size_t ResidentPages() {
  std::ifstream in("/proc/self/statm");
  std::size_t pages = 0;
  in >> pages >> pages;
  return pages;
}

// Before a thread that must not wait for the kernel touches them.
TEST(WriteBlocksTest, TheirMemoryIsThereOnceItIsPopulatedAndKeepsWhatStandsInIt) {
  WriteBlocks blocks;
  char* const taken = blocks.Take();
  std::memset(taken, 7, WriteBlocks::kBlockBytes);
  const std::size_t before = ResidentPages();
  blocks.Populate();
  EXPECT_GE(ResidentPages(), before + (WriteBlocks::kBytes - (3U << 20)) / ByteWriter::kPage);
  EXPECT_EQ(taken[0], 7);
  EXPECT_EQ(taken[WriteBlocks::kBlockBytes - 1], 7);
  blocks.Give(taken);
}

TEST(WriteBlocksTest, WritersTakeTheirsFromThereAndGiveItBack) {
  std::vector<ByteWriter> writers;
  for (std::size_t i = 0; i < WriteBlocks::kBlocks + 3; ++i) {  // some of their own, too
    writers.push_back(ByteWriter::Placed(i, 100000));
    while (writers.back().size() < 100000) writers.back().Put(i);
  }
  for (std::size_t i = 0; i < writers.size(); ++i) {
    std::size_t first = 0;
    std::memcpy(&first, writers[i].data(), sizeof(first));
    EXPECT_EQ(first, i);
  }
  const char* const last = writers[5].data();
  writers[5] = ByteWriter();
  const ByteWriter again = ByteWriter::Placed(5, 100000);
  EXPECT_EQ(again.data(), last);
}

}  // namespace
}  // namespace millrace
