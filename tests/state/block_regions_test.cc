// Blocks of a table that grows: each is zero when it comes, none overlaps another, and what has gone serves again.
#include "src/state/block_regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "millrace/base/random.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Block {
  char* at;
  std::size_t bytes;
  char mark;
};

void Mark(const Block& block) {  // a byte of each page, and the last one
  for (std::size_t i = 0; i < block.bytes; i += 4096) block.at[i] = block.mark;
  block.at[block.bytes - 1] = block.mark;
}
bool Has(const Block& block, char mark) {
  bool has = block.at[block.bytes - 1] == mark;
  for (std::size_t i = 0; i < block.bytes; i += 4096) has &= block.at[i] == mark;
  return has;
}

void BlocksAreZeroAndApart(BlockRegions::Pages pages) {
  const bool huge = pages == BlockRegions::Pages::kHuge;
  for (const std::uint64_t seed : test_support::Seeds(1, 5)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    BlockRegions regions(pages);
    std::vector<Block> live;
    for (int i = 0; i < 200; ++i) {
      if (live.size() > 12 || (!live.empty() && random.Chance(0.4))) {
        std::swap(live[random.Uniform(live.size())], live.back());
        ASSERT_TRUE(Has(live.back(), live.back().mark)) << "somebody else has written there";
        regions.Give(live.back().at, live.back().bytes);
        live.pop_back();
        continue;
      }
      // Now and then one that is larger than a region.
      const std::size_t most = !huge ? 900 << 10 : random.Chance(0.05) ? 40 << 20 : 6 << 20;
      const std::size_t bytes =
          (huge ? 1 << 20 : BlockRegions::kLeastBytes) + random.Uniform(most) / 64 * 64;
      auto* const at = static_cast<char*>(regions.Take(bytes, bytes));
      ASSERT_NE(at, nullptr);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % 64, 0U);
      live.push_back({at, bytes, static_cast<char>(1 + random.Uniform(100))});
      ASSERT_TRUE(Has(live.back(), 0));
      Mark(live.back());
    }
    for (const Block& block : live) regions.Give(block.at, block.bytes);
  }
}
TEST(BlockRegions, SmallBlocksAreZeroAndApart) {
  BlocksAreZeroAndApart(BlockRegions::Pages::kSmall);
}
TEST(BlockRegions, LargeBlocksAreZeroAndApart) {
  BlocksAreZeroAndApart(BlockRegions::Pages::kHuge);
}

// Sub-tables that grow by half, one after the other, as those of a table do.
TEST(BlockRegions, WhatHasGoneServesAgain) {
  BlockRegions regions(BlockRegions::Pages::kHuge);
  std::deque<Block> live;
  std::size_t used = 0;
  for (int i = 0; i < 32; ++i)
    live.push_back({static_cast<char*>(regions.Take(1 << 20, 64)), 1 << 20, 0}), used += 1 << 20;
  for (int i = 0; i < 32 * 4; ++i) {
    const Block old = live.front();
    live.pop_front();
    const std::size_t bytes = old.bytes * 3 / 2 / 64 * 64;
    live.push_back({static_cast<char*>(regions.Take(bytes, 64)), bytes, 0});
    regions.Give(old.at, old.bytes);
    used += bytes - old.bytes;
    EXPECT_LE(regions.mapped_bytes(), used + used / 4 + (std::size_t{64} << 20));
  }
  for (const Block& block : live) regions.Give(block.at, block.bytes);
  EXPECT_LE(regions.mapped_bytes(), std::size_t{64} << 20);
}

// Small sub-tables of one size grow by half in any order: what they leave serves those that grow later.
TEST(BlockRegions, SmallBlocksFillTheHolesOfOthers) {
  for (const std::uint64_t seed : test_support::Seeds(1, 5)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    BlockRegions regions(BlockRegions::Pages::kSmall);
    std::vector<Block> blocks;
    std::size_t bytes = 32 << 10, used = 500 * bytes;
    double most = 0;
    for (int i = 0; i < 500; ++i)
      blocks.push_back({static_cast<char*>(regions.Take(bytes, 64)), bytes, 0});
    for (int generation = 0; generation < 6; ++generation) {
      bytes = bytes * 3 / 2 / 64 * 64;
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        std::swap(blocks[i], blocks[i + random.Uniform(blocks.size() - i)]);
        void* const grown = regions.Take(bytes, 64);
        regions.Give(blocks[i].at, blocks[i].bytes);
        used += bytes - blocks[i].bytes;
        blocks[i] = {static_cast<char*>(grown), bytes, 0};
        most =
            std::max(most, static_cast<double>(regions.mapped_bytes()) / static_cast<double>(used));
      }
    }
    // 1.37; where no hole was filled before its region was empty it would be 1.8 and more.
    EXPECT_LE(most, 1.5);
    for (const Block& block : blocks) regions.Give(block.at, block.bytes);
    EXPECT_LE(regions.mapped_bytes(), std::size_t{8} << 20) << "memory was kept";
  }
}

}  // namespace
}  // namespace millrace
