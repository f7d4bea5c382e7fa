// The memory for what is on its way to a disk.
#include "src/io/write_blocks.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include "millrace/io/bytes.h"
#include "src/io/pages.h"

namespace millrace {
namespace {

// With all there can be of them.
void GrowWhole(WriteBlocks* blocks) {
  std::vector<char*> taken;
  while (taken.size() < WriteBlocks::kBlocks) {
    if (char* const block = blocks->Take()) {
      taken.push_back(block);
    } else {
      blocks->Grow();
    }
  }
  for (char* const block : taken) blocks->Give(block);
}

TEST(WriteBlocksTest, EachIsItsOwnersUntilItIsGivenBackAndTheLastComesFirst) {
  WriteBlocks blocks;
  GrowWhole(&blocks);
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

// Of these bytes, pages that the kernel has given.
std::size_t ResidentPages(char* begin, std::size_t bytes) {
  std::vector<unsigned char> pages(bytes / ByteWriter::kPage);
  EXPECT_EQ(mincore(begin, bytes, pages.data()), 0);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](auto page) { return page % 2 != 0; }));
}

// Who takes one must not wait for the kernel; and who needs few has few.
TEST(WriteBlocksTest, TheirMemoryIsThereBeforeTheyAreAndGrowsByWhatWasWanted) {
  WriteBlocks blocks;
  blocks.Grow();
  EXPECT_EQ(blocks.Take(), nullptr);  // nobody had wanted one
  for (std::size_t bytes = kHugePage; bytes <= WriteBlocks::kBytes; bytes += kHugePage) {
    blocks.Grow();
    blocks.Grow();
    std::vector<char*> taken;
    while (char* const block = blocks.Take()) taken.push_back(block);
    ASSERT_EQ(taken.size(), bytes / WriteBlocks::kBlockBytes);
    char* const begin = *std::min_element(taken.begin(), taken.end());
    EXPECT_EQ(ResidentPages(begin, bytes), bytes / ByteWriter::kPage);
    EXPECT_EQ(ResidentPages(begin, WriteBlocks::kBytes), bytes / ByteWriter::kPage);
    for (char* const block : taken) blocks.Give(block);
  }
}

TEST(WriteBlocksTest, WritersTakeTheirsFromThereAndGiveItBack) {
  GrowWhole(&WriteBlocks::Process());
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
