#include "millrace/io/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace millrace {
namespace {

TEST(ByteWriterTest, GrowsAndKeepsItsMemoryWhenCleared) {
  ByteWriter out;
  for (std::uint32_t i = 0; i < 10000; ++i) out.Put(i);
  ASSERT_EQ(out.size(), 40000U);
  ByteReader in(out.view());
  for (std::uint32_t i = 0; i < 10000; ++i) {
    std::uint32_t value = 0;
    ASSERT_TRUE(in.Get(&value));
    ASSERT_EQ(value, i);
  }
  EXPECT_TRUE(in.AtEnd());
  const std::size_t capacity = out.capacity();
  out.Clear();
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(out.capacity(), capacity);
}

TEST(ByteWriterTest, StandsWhereItWasPlacedUntilItGrows) {
  for (const std::size_t phase : {std::size_t{0}, std::size_t{1}, std::size_t{4095}}) {
    for (const std::size_t room : {std::size_t{5000}, std::size_t{130000}}) {  // of its own, pooled
      ByteWriter out = ByteWriter::Placed(phase, room);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(out.data()) % ByteWriter::kPage, phase);
      EXPECT_GE(out.capacity(), room);
      const char* const begin = out.data();
      const std::string text(room, 'x');
      out.PutBytes(text.data(), text.size());
      EXPECT_EQ(out.data(), begin);
      const std::size_t more = out.capacity();
      for (std::uint32_t i = 0; i < more; ++i) out.Put(i);  // grows, twice
      ByteWriter moved(std::move(out));
      ASSERT_EQ(moved.size(), room + more * 4);
      EXPECT_EQ(moved.view().substr(0, room), text);
      std::uint32_t last = 0;
      std::memcpy(&last, moved.data() + moved.size() - 4, sizeof(last));
      EXPECT_EQ(last, more - 1);
    }
  }
}

TEST(ByteWriterTest, MovesAndPatches) {
  ByteWriter out;
  out.Put(std::uint32_t{0});
  out.PutString("abc");
  out.PatchAt(0, std::uint32_t{7});
  ByteWriter moved(std::move(out));
  EXPECT_EQ(moved.view(), std::string_view("\7\0\0\0\3\0\0\0abc", 11));
}

TEST(ByteReaderTest, TheFirstFailureSticks) {
  ByteReader in("abc");
  std::uint32_t value = 0;
  EXPECT_FALSE(in.Get(&value));
  EXPECT_FALSE(in.ok());
  std::uint8_t byte = 0;
  EXPECT_FALSE(in.Get(&byte)) << "one byte would be there, but the reader has failed";
  EXPECT_FALSE(in.AtEnd());
  EXPECT_EQ(in.remaining(), 0U);
}

TEST(ByteReaderTest, CountsBeyondTheInputFail) {
  ByteReader in(std::string_view("\3\0\0\0aaaaa", 9));
  std::uint32_t count = 0;
  EXPECT_FALSE(in.GetCount(2, &count));
  ByteReader fits(std::string_view("\3\0\0\0aaaaaa", 10));
  EXPECT_TRUE(fits.GetCount(2, &count));
  EXPECT_EQ(count, 3U);
}

TEST(ByteReaderTest, AnEmptyReaderIsFine) {
  ByteReader in(std::string_view{});
  EXPECT_TRUE(in.AtEnd());
  EXPECT_EQ(in.position(), 0U);
}

}  // namespace
}  // namespace millrace
