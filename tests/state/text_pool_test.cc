#include "millrace/state/text_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/base/string.h"
#include "millrace/state/stored.h"
#include "src/base/sanitizers.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Held {
  TextBlock block;
  char fill;
};
void Fill(const Held& held) {
  std::memset(held.block.data(), held.fill, held.block.capacity());
}
void ExpectWhole(const Held& held) {
  const std::string want(held.block.capacity(), held.fill);
  ASSERT_EQ(std::string(held.block.data(), held.block.capacity()), want);
}

TEST(TextPool, BlocksAreApartWhateverComesAndGoes) {
  for (const std::uint64_t seed : test_support::Seeds(1, 20)) {
    Random random(seed);
    TextPool pool;
    const TextPool::Scope scope(pool);
    std::vector<Held> held;
    for (int i = 0; i < 5000; ++i) {
      if (held.empty() || random.Chance(0.6)) {
        const std::size_t bytes = random.Chance(0.05) ? random.Uniform(5000) : random.Uniform(300);
        held.push_back({TextBlock::Of(bytes), static_cast<char>('a' + i % 26)});
        ASSERT_GE(held.back().block.capacity(), bytes);
        Fill(held.back());
      } else {
        std::swap(held[random.Uniform(held.size())], held.back());
        ExpectWhole(held.back());
        held.pop_back();
      }
    }
    for (const Held& h : held) ExpectWhole(h);
  }
}

TEST(TextPool, ABlockServesTheNextTextOfItsSize) {
  if (MILLRACE_ASAN) GTEST_SKIP() << "the sanitizer gets the allocator's blocks";
  TextPool pool;
  const TextPool::Scope scope(pool);
  TextBlock first = TextBlock::Of(100);
  const char* at = first.data();
  const std::size_t first_capacity = first.capacity();
  first = TextBlock();
  const TextBlock other = TextBlock::Of(40);
  const TextBlock second = TextBlock::Of(first_capacity);
  EXPECT_NE(other.data(), at);
  EXPECT_EQ(second.data(), at);
  for (int i = 0; i < 100000; ++i) TextBlock::Of(static_cast<std::size_t>(i % 200));
  EXPECT_EQ(pool.allocated_bytes(), 256u * 1024);
}

TEST(TextPool, ABlockOutlivesTheScopeAndGoesBackToItsOwnPool) {
  if (MILLRACE_ASAN) GTEST_SKIP() << "the sanitizer gets the allocator's blocks";
  TextPool mine, other;
  TextBlock block;
  {
    const TextPool::Scope scope(mine);
    block = TextBlock::Of(64);
  }
  const char* at = block.data();
  {
    const TextPool::Scope scope(other);
    block = TextBlock();
    EXPECT_NE(TextBlock::Of(64).data(), at);
  }
  const TextPool::Scope scope(mine);
  EXPECT_EQ(TextBlock::Of(64).data(), at);
}

// Under ASan every block is the allocator's.
constexpr bool kPools = !MILLRACE_ASAN;

TEST(TextPool, StateMayGoAfterThePoolWasAbandoned) {
  TextPool pool;
  std::vector<OwnedStrings<String>> texts(1000);
  {
    const TextPool::Scope scope(pool);
    for (auto& text : texts)
      text.Set(String::View("a text of some length that is kept in a block"));
  }
  pool.Abandon();
  texts.clear();
  SUCCEED();
}

TEST(TextPool, TakesAllWithItButLargeBlocks) {
  TextPool pool;
  const TextPool::Scope scope(pool);
  const TextBlock small = TextBlock::Of(100);
  TextBlock large = TextBlock::Of(100000);
  EXPECT_FALSE(pool.TakesAllWithIt()) << "the state is still there";
  pool.Abandon();
  EXPECT_FALSE(pool.TakesAllWithIt()) << "a large block is the allocator's";
  large = TextBlock();
  EXPECT_EQ(pool.TakesAllWithIt(), kPools);
}

TEST(TextPool, KnowsWhatIsOut) {
  TextPool pool;
  {
    const TextPool::Scope scope(pool);
    const TextBlock small = TextBlock::Of(100);
    EXPECT_EQ(pool.used_bytes(), 112u);
    TextBlock large = TextBlock::Of(100000);
    EXPECT_GE(pool.used_bytes(), 100112u);
    large = TextBlock();
    EXPECT_EQ(pool.used_bytes(), 112u);
  }
  EXPECT_EQ(pool.used_bytes(), 0u);
}

TEST(TextPool, WithoutAPoolTheAllocatorServes) {
  const TextBlock block = TextBlock::Of(10);
  EXPECT_GE(block.capacity(), 10u);
  EXPECT_FALSE(TextBlock());
}

}  // namespace
}  // namespace millrace
