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

TEST(BlockRegions, BlocksAreZeroAndApart) {
  for (const std::uint64_t seed : test_support::Seeds(1, 5)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    BlockRegions regions;
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
      const std::size_t most = random.Chance(0.05) ? 40 << 20 : 6 << 20;
      const std::size_t bytes = BlockRegions::kLeastBytes + random.Uniform(most) / 64 * 64;
      auto* const at = static_cast<char*>(regions.Take(bytes));
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
  BlockRegions regions;
  std::deque<Block> live;
  std::size_t used = 0;
  for (int i = 0; i < 32; ++i)
    live.push_back({static_cast<char*>(regions.Take(1 << 20)), 1 << 20, 0}), used += 1 << 20;
  for (int i = 0; i < 32 * 4; ++i) {
    const Block old = live.front();
    live.pop_front();
    const std::size_t bytes = old.bytes * 3 / 2 / 64 * 64;
    live.push_back({static_cast<char*>(regions.Take(bytes)), bytes, 0});
    BlockRegions::Give(old.at, old.bytes);
    used += bytes - old.bytes;
    EXPECT_LE(regions.mapped_bytes(), used + used / 4 + (std::size_t{64} << 20));
  }
  for (const Block& block : live) BlockRegions::Give(block.at, block.bytes);
  EXPECT_LE(regions.mapped_bytes(), std::size_t{64} << 20);
}

}  // namespace
}  // namespace millrace
