#include "millrace/base/hash.h"

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "millrace/base/random.h"
#include "tests/support/avx_state.h"

namespace millrace {
namespace {

TEST(Hash, IsXxh3AtEveryLength) {
  Random random(7);
  char bytes[300];
  for (char& c : bytes) c = static_cast<char>(random.Next());
  for (std::size_t n = 0; n <= sizeof(bytes); ++n)
    EXPECT_EQ(HashBytes(bytes, n), XXH3_64bits(bytes, n)) << n;
}

TEST(Hash, IntegersHashAsTheirBytes) {
  Random random(8);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t v = random.Next();
    const auto w = static_cast<std::uint32_t>(v);
    EXPECT_EQ(Hash64(v), XXH3_64bits(&v, 8));
    EXPECT_EQ(Hash64(w), XXH3_64bits(&w, 4));
  }
}

TEST(Hash, AColumnOfWordsHashesAsTheWords) {
  Random random(9);
  std::uint64_t words[70], hashes[71];
  for (std::uint32_t count = 0; count <= 70; ++count) {
    for (std::uint64_t& w : words) w = random.Next();
    hashes[count] = 12345;
    HashWords(words, count, hashes);
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(hashes[i], XXH3_64bits(&words[i], 8));
    EXPECT_EQ(hashes[count], 12345u) << "written behind the column";
  }
}

TEST(Hash, AColumnLeavesTheUpperHalvesOfRegistersClean) {
  if (!test_support::KnowsUpperHalves()) GTEST_SKIP() << "this core does not say";
  std::uint64_t words[64] = {}, hashes[64];
  for (const std::uint32_t count : {64, 63, 4, 3}) {
    HashWords(words, count, hashes);
    EXPECT_FALSE(test_support::UpperHalvesInUse()) << count;
  }
}

}  // namespace
}  // namespace millrace
