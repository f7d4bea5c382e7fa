#include "millrace/io/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "millrace/io/codec_header.h"
#include "millrace/io/compare.h"
#include "millrace/io/schema.h"
#include "tests/io/samples.h"

namespace millrace {
namespace {

using testing::Everything;
using testing::Flag;
using testing::Maker;
using testing::Padded;
using testing::Point;
using testing::Reading;
using testing::Swapped;

template <class T>
std::string Bytes(const T& value) {
  ByteWriter out;
  Encode(value, out);
  return std::string(out.view());
}

template <class T>
bool DecodeAll(std::string_view bytes, T& value) {
  ByteReader in(bytes);
  return Decode(in, value) && in.AtEnd();
}

std::uint64_t Seed() {
  const auto seed = static_cast<std::uint64_t>(::testing::UnitTest::GetInstance()->random_seed());
  const std::uint64_t used = seed != 0 ? seed : std::random_device{}();
  printf("seed %llu\n", static_cast<unsigned long long>(used));
  return used;
}

static_assert(kIsBulk<Point> && kIsBulk<std::int64_t>);
static_assert(!kIsBulk<Padded> && !kIsBulk<Swapped> && !kIsBulk<Reading> && !kIsBulk<double>);
static_assert(!kSerializable<const char*> && !kSerializable<std::string_view> &&
              !kSerializable<long double>);
static_assert(!kSerializable<std::vector<bool>> && !kSerializable<std::vector<std::monostate>>);
static_assert(!kSerializable<std::vector<int*>> && !kSerializable<int&> && !kSerializable<wchar_t>);
static_assert(!kSerializable<std::chrono::steady_clock::time_point>);

TEST(CodecTest, BytesAreTheDocumentedOnes) {
  EXPECT_EQ(Bytes(std::int32_t{-2}), std::string("\xfe\xff\xff\xff", 4));
  EXPECT_EQ(Bytes(std::string("ab")), std::string("\2\0\0\0ab", 6));
  EXPECT_EQ(Bytes(std::optional<std::int8_t>(7)), std::string("\1\7", 2));
  EXPECT_EQ(Bytes(std::optional<std::int8_t>()), std::string("\0", 1));
  EXPECT_EQ(Bytes(std::variant<bool, std::int8_t>(std::int8_t{9})), std::string("\1\x09", 2));
  EXPECT_EQ(Bytes(std::vector<std::uint16_t>{1, 2}), std::string("\2\0\0\0\1\0\2\0", 8));
  EXPECT_EQ(Bytes(Padded{1, 2}), std::string("\1\2\0\0\0\0\0\0\0", 9));
  EXPECT_EQ(Bytes(Swapped{1, 2}), std::string("\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16));
  EXPECT_EQ(Bytes(EventTime::FromMillis(1)), std::string("\1\0\0\0\0\0\0\0", 8));
}

TEST(CodecTest, MinusZeroIsWrittenAsZero) {
  EXPECT_EQ(Bytes(-0.0), Bytes(0.0));
  EXPECT_EQ(Bytes(-0.0F), Bytes(0.0F));
  EXPECT_EQ(Bytes(std::vector<double>{-0.0}), Bytes(std::vector<double>{0.0}));
  EXPECT_EQ(Bytes(std::tuple<double, int>(-0.0, 1)), Bytes(std::tuple<double, int>(0.0, 1)));
}

TEST(CodecTest, EverythingComesBackEvenIntoAUsedObject) {
  Maker make(Seed());
  Everything target;
  for (int i = 0; i < 2000; ++i) {
    const Everything original = make.Make();
    ASSERT_TRUE(DecodeAll(Bytes(original), target)) << "round " << i;
    ASSERT_TRUE(Equal(original, target)) << "round " << i;
    ASSERT_TRUE(Compare(testing::Reading{original.text, original.f64}, {target.text, target.f64}) ==
                0);
  }
}

TEST(CodecTest, TruncatedInputFailsAndReadsNothingBeyond) {
  Maker make(Seed());
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = Bytes(make.Make());
    for (std::size_t n = 0; n < bytes.size(); n += 1 + make.Below(7)) {
      const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      Everything target;
      ByteReader in({part.data(), part.size()});
      ASSERT_FALSE(Decode(in, target)) << n << " of " << bytes.size();
      ASSERT_FALSE(in.ok());
      ASSERT_EQ(in.remaining(), 0U);
    }
  }
}

TEST(CodecTest, DamagedInputNeverCrashes) {
  Maker make(Seed());
  int decoded = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = Bytes(make.Make());
    for (auto n = 1 + make.Below(4); n != 0; --n) {
      bytes[make.Below(bytes.size())] = static_cast<char>(make.Below(256));
    }
    Everything target;
    decoded += DecodeAll(bytes, target) ? 1 : 0;
  }
  EXPECT_GT(decoded, 0);
  EXPECT_LT(decoded, 5000);
}

TEST(CodecTest, InvalidTagsFail) {
  bool flag = false;
  EXPECT_FALSE(DecodeAll("\2", flag));
  Flag e{};
  EXPECT_FALSE(DecodeAll("\2", e));
  std::optional<std::int8_t> maybe;
  EXPECT_FALSE(DecodeAll(std::string("\2\0", 2), maybe));
  std::variant<std::int8_t, bool> either;
  EXPECT_FALSE(DecodeAll(std::string("\2\0", 2), either));
  std::chrono::duration<std::int8_t> narrow{};
  EXPECT_FALSE(DecodeAll(Bytes(std::chrono::seconds(300)), narrow));
  std::map<std::int8_t, bool> map;
  EXPECT_FALSE(DecodeAll(std::string("\2\0\0\0\1\0\1\0", 8), map)) << "one key twice";
}

TEST(CodecTest, HugeCountsAllocateNothing) {
  const std::string huge(
      "\xff\xff\xff\xff"
      "abc",
      7);
  std::string text;
  EXPECT_FALSE(DecodeAll(huge, text));
  EXPECT_LT(text.capacity(), 100U);
  std::vector<std::int64_t> numbers;
  EXPECT_FALSE(DecodeAll(huge, numbers));
  EXPECT_EQ(numbers.capacity(), 0U);
  std::vector<std::vector<std::string>> nested;
  EXPECT_FALSE(DecodeAll(huge, nested));
  EXPECT_EQ(nested.capacity(), 0U);
}

TEST(CodecTest, DecodingKeepsCapacity) {
  const std::string bytes = Bytes(Reading{std::string(100, 'x'), 1});
  Reading target{std::string(500, 'y'), 0};
  const char* const buffer = target.id.data();
  ASSERT_TRUE(DecodeAll(bytes, target));
  EXPECT_EQ(target.id.data(), buffer);

  std::vector<std::int64_t> numbers(1000);
  const std::int64_t* const memory = numbers.data();
  ASSERT_TRUE(DecodeAll(Bytes(std::vector<std::int64_t>{1, 2, 3}), numbers));
  EXPECT_EQ(numbers.data(), memory);
  EXPECT_EQ(numbers.size(), 3U);
}

TEST(CodecTest, StringTakesItsBytesFromTheCurrentArena) {
  Arena arena;
  ArenaScope scope(arena);
  String text;
  std::string bytes = Bytes(std::string("some longer text"));
  ASSERT_TRUE(DecodeAll(bytes, text));
  bytes.assign(bytes.size(), '?');
  EXPECT_EQ(text.view(), "some longer text");
  EXPECT_TRUE(arena.OwnsCurrent(text.data()));
}

TEST(CodecHeaderTest, RefusesOtherStreamsVersionsAndSchemas) {
  ByteWriter out;
  EncodeHeader(42, out);
  ASSERT_EQ(out.size(), kCodecHeaderBytes);
  const auto check = [&out](std::uint64_t fingerprint) {
    ByteReader in(out.view());
    return CheckHeader(in, fingerprint).code();
  };
  EXPECT_EQ(check(42), StatusCode::kOk);
  EXPECT_EQ(check(43), StatusCode::kInvalidArgument);
  out.PatchAt(4, std::uint16_t{9});
  EXPECT_EQ(check(42), StatusCode::kUnimplemented);
  out.PatchAt(0, std::uint32_t{9});
  EXPECT_EQ(check(42), StatusCode::kInvalidArgument);
  out.Truncate(3);
  EXPECT_EQ(check(42), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace
