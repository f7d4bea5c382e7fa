#include "millrace/base/arena.h"

#include <gtest/gtest.h>

#include "millrace/base/string.h"

namespace millrace {
namespace {

TEST(Arena, APinnedChunkProtectsAllLaterOnes) {
  Arena arena;
  ArenaScope scope(arena);
  const String first("first text in the arena");
  const std::uint64_t pin = arena.Pin();
  std::vector<String> later;
  for (int i = 0; i < 1000; ++i)
    later.emplace_back(std::string(500, static_cast<char>('a' + i % 26)));
  arena.Recycle();
  EXPECT_EQ(first.view(), "first text in the arena");
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(later[i].view(), std::string(500, static_cast<char>('a' + i % 26)));
  arena.Unpin(pin);
}

TEST(Arena, MemoryIsReusedOnceNobodyPinsIt) {
  Arena arena;
  ArenaScope scope(arena);
  for (int round = 0; round < 100; ++round) {
    const std::uint64_t pin = arena.Pin();
    for (int i = 0; i < 1000; ++i)
      (void)String(std::string_view("some bytes that fill the chunks of the arena"));
    arena.Unpin(pin);
    arena.Recycle();
  }
  EXPECT_LE(arena.bytes(), 4 * Arena::kChunkBytes);
}

TEST(Arena, ARequestLargerThanAChunkGetsOneOfItsOwn) {
  Arena arena;
  ArenaScope scope(arena);
  const std::string big(3 * Arena::kChunkBytes, 'x');
  const String s(big);
  EXPECT_EQ(s.view(), big);
}

TEST(String, ComparesAsTextDoes) {
  const std::string texts[] = {"", "a", "ab", "abcd", "abcde", "abce", "b", std::string(40, 'z')};
  for (const std::string& a : texts) {
    for (const std::string& b : texts) {
      EXPECT_EQ(String(a) == String(b), a == b) << a << " " << b;
      EXPECT_EQ(String(a) < String(b), a < b) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace millrace
