// Blocks of a table that grows: each is zero when it comes, none overlaps another, and what has gone serves again.
#include "src/state/block_regions.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

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

TEST(BlockRegions, BlocksAreZeroAndApart) {
  for (const std::uint64_t seed : test_support::Seeds(1, 5)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const bool huge = random.Chance(0.5);
    BlockRegions regions(huge ? BlockRegions::Pages::kHuge : BlockRegions::Pages::kSmall);
    std::vector<Block> live;
    for (int i = 0; i < 200; ++i) {
      if (live.size() > 12 || (!live.empty() && random.Chance(0.4))) {
        std::swap(live[random.Uniform(live.size())], live.back());
        ASSERT_TRUE(Has(live.back(), live.back().mark)) << "somebody else has written there";
        BlockRegions::Give(live.back().at, live.back().bytes);
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
    for (const Block& block : live) BlockRegions::Give(block.at, block.bytes);
  }
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
    BlockRegions::Give(old.at, old.bytes);
    used += bytes - old.bytes;
    EXPECT_LE(regions.mapped_bytes(), used + used / 4 + (std::size_t{64} << 20));
  }
  for (const Block& block : live) BlockRegions::Give(block.at, block.bytes);
  EXPECT_LE(regions.mapped_bytes(), std::size_t{64} << 20);
}

std::size_t ResidentBytes(const Block& block) {
  std::size_t resident = 0;
  const auto begin = reinterpret_cast<std::uintptr_t>(block.at);
  for (std::uintptr_t page = (begin + 4095) / 4096 * 4096; page + 4096 <= begin + block.bytes;
       page += 4096) {
    unsigned char in_core = 0;
    // Not mapped any more: not resident.
    if (mincore(reinterpret_cast<void*>(page), 4096, &in_core) == 0)
      resident += (in_core & 1) * 4096U;
  }
  return resident;
}

// Sub-tables of one size grow in any order: no region is without blocks for long.
TEST(BlockRegions, MemoryOfWhatHasGoneAnywhereIsBounded) {
  BlockRegions regions(BlockRegions::Pages::kSmall);
  std::vector<Block> blocks;
  for (int i = 0; i < 1000; ++i) {
    blocks.push_back({static_cast<char*>(regions.Take(96 << 10, 64)), 96 << 10, 1});
    Mark(blocks.back());
  }
  std::size_t gone = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 10 != 0) BlockRegions::Give(blocks[i].at, blocks[i].bytes);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 10 == 0) {
      EXPECT_TRUE(Has(blocks[i], 1));
    } else {
      gone += ResidentBytes(blocks[i]);
    }
  }
  EXPECT_LE(gone, 1000 * blocks[0].bytes / 8 + (8 << 20));  // of 90 MB
  EXPECT_GT(gone, 0U) << "some wait to be used again";
  for (std::size_t i = 0; i < blocks.size(); i += 10)
    BlockRegions::Give(blocks[i].at, blocks[i].bytes);
}

}  // namespace
}  // namespace millrace
