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

std::size_t ResidentPages() {
  std::ifstream in("/proc/self/statm");
  std::size_t pages = 0;
  in >> pages >> pages;
  return pages;
}

// Who takes one must not wait for the kernel; and who needs few has few.
TEST(WriteBlocksTest, TheirMemoryIsThereBeforeTheyAreAndGrowsByWhatWasWanted) {
  constexpr std::size_t kPages = (2U << 20) / ByteWriter::kPage, kSlack = kPages / 8;
  constexpr std::size_t kMost = kPages + kPages / 4;  // with ASan's shadow of it
  WriteBlocks blocks;
  const std::size_t before = ResidentPages();
  blocks.Grow();
  EXPECT_LE(ResidentPages(), before + kSlack);  // nobody wanted one
  for (std::size_t pages = 1; pages <= 8; ++pages) {
    std::vector<char*> taken;
    while (char* const block = blocks.Take()) taken.push_back(block);
    EXPECT_EQ(taken.size(), (pages - 1) * (2U << 20) / WriteBlocks::kBlockBytes);
    blocks.Grow();
    blocks.Grow();
    EXPECT_GE(ResidentPages(), before + pages * kPages - kSlack);
    EXPECT_LE(ResidentPages(), before + pages * kMost);
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
