#include "millrace/io/key.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/io/samples.h"

namespace millrace {
namespace {

using testing::Point;
using testing::Reading;

static_assert(kIsKey<std::string> && kIsKey<Point> && kIsKey<Reading> && kIsKey<double>);
static_assert(!kIsKey<std::unordered_map<int, int>> && !kIsKey<long double> &&
              !kIsKey<const char*>);
static_assert(!kIsKey<testing::Everything>);

template <class T>
std::uint64_t HashOfEncoding(const T& value) {
  ByteWriter out;
  Encode(value, out);
  return HashBytes(out.data(), out.size());
}

// Computed with XXH3_64bits of xxHash's own library over the bytes; part of the state format, never to change.
TEST(KeyHashTest, GoldenValues) {
  EXPECT_EQ(KeyHash(std::int64_t{0}), 0xc77b3abb6f87acd9ULL);
  EXPECT_EQ(KeyHash(std::int64_t{42}), 0xd5a6f8c838df27c8ULL);
  EXPECT_EQ(KeyHash(std::int64_t{-1}), 0x5111c7e47d784413ULL);
  EXPECT_EQ(KeyHash(std::int32_t{42}), 0x2132b64814a1ad5dULL);
  EXPECT_EQ(KeyHash(std::int16_t{42}), 0x5760c99a2baa0e88ULL);
  EXPECT_EQ(KeyHash(true), 0xe12ef9d2eb86ceebULL);
  EXPECT_EQ(KeyHash(2.5), 0xdf606fb485b75391ULL);
  EXPECT_EQ(KeyHash(2.5F), 0x02bbe3a81888277bULL);
  EXPECT_EQ(KeyHash(std::string("")), 0x2d06800538d394c2ULL);
  EXPECT_EQ(KeyHash(std::string("a")), 0xe6c632b61e964e1fULL);
  EXPECT_EQ(KeyHash(std::string("abc")), 0x78af5f94892f3950ULL);
  EXPECT_EQ(KeyHash(std::string("sensor_1")), 0xe5c55d56de3facb1ULL);
  EXPECT_EQ(KeyHash(std::string("sensor_12345")), 0x7850c456809b4f19ULL);
  EXPECT_EQ(KeyHash(std::string("a key of seventeen")), 0x583b36a12252e62bULL);
  EXPECT_EQ(KeyHash(std::string(
                "a key that takes the path for inputs of more than one hundred and twen"
                "ty-eight bytes, which is one hundred and forty-nine bytes long in all, you know")),
            0xaf21a79b9c16bb95ULL);
  EXPECT_EQ(KeyHash(Point{1, 2}), 0x0389e2c8892d5450ULL);
  EXPECT_EQ(KeyHash((std::pair<std::int64_t, std::int32_t>(42, 42))), 0x88fc6794f759fc20ULL);
  EXPECT_EQ(KeyHash((testing::Padded{1, 2})), 0x04f2c58c2ededcaeULL);
  EXPECT_EQ(KeyHash((std::pair<std::string, std::int64_t>("sensor_1", 42))), 0x694a6cad003f462cULL);
}

TEST(KeyHashTest, CompositeKeysHashTheirEncoding) {
  EXPECT_EQ(KeyHash(Point{1, 2}), HashOfEncoding(Point{1, 2}));
  EXPECT_EQ(KeyHash(Reading{"sensor_1", 2.5}), HashOfEncoding(Reading{"sensor_1", 2.5}));
  const std::tuple<std::int64_t, std::int32_t, bool> small(1, 2, true);
  EXPECT_EQ(KeyHash(small), HashOfEncoding(small));
  const std::array<std::int64_t, 9> large{1, 2, 3};
  EXPECT_EQ(KeyHash(large), HashOfEncoding(large));
  const std::array<double, 40> huge{1, 2, 3};
  EXPECT_EQ(KeyHash(huge), HashOfEncoding(huge));
  const std::pair<std::string, std::int64_t> mixed("a key that is longer than sixteen bytes", 7);
  EXPECT_EQ(KeyHash(mixed), HashOfEncoding(mixed));
}

// Keys of 4 to 16 bytes are put together in registers: members that end, begin and cross at every place.
TEST(KeyHashTest, SmallCompositeKeysHashTheirEncoding) {
  const auto check = [](const auto& key) { EXPECT_EQ(KeyHash(key), HashOfEncoding(key)); };
  const std::int8_t a = -3;
  const std::int16_t b = -30001;
  const std::int32_t c = -1900000007;
  const std::int64_t d = -8000000000000000009;
  check(std::tuple(b, b));
  check(std::tuple(a, c));
  check(std::tuple(b, a, b, a));
  check(std::tuple(c, b, a));
  check(std::tuple(c, c));
  check(std::tuple(a, d));
  check(std::tuple(d, a));
  check(std::tuple(b, d));
  check(std::tuple(c, d));
  check(std::tuple(d, c));
  check(std::tuple(a, b, d, b));
  check(std::tuple(c, c, c, a, b));
  check(std::tuple(d, d));
  check(std::tuple(a, d, c, b, true));
  check(std::tuple(-0.0F, 2.5, a));
  check(std::tuple(EventTime::FromMillis(-5), c));
  check(std::array<std::int16_t, 7>{1, -2, 3, -4, 5, -6, 7});
  check(std::array<std::int8_t, 5>{1, -2, 3, -4, 5});
}

TEST(KeyHashTest, TheSameTextAndTheSameNumberHashAlike) {
  EXPECT_EQ(KeyHash(std::string("sensor_1")), KeyHash(String("sensor_1")));
  EXPECT_EQ(KeyHash(std::string("sensor_1")), KeyHashOfText("sensor_1"));
  EXPECT_EQ(KeyHash(std::int64_t{5}), KeyHash(EventTime::FromMillis(5)));
  EXPECT_EQ(KeyHash(std::chrono::milliseconds(5)), KeyHash(std::int64_t{5}));
  EXPECT_EQ(KeyHash(-0.0), KeyHash(0.0));
  EXPECT_EQ(KeyHash(std::pair<float, int>(-0.0F, 1)), KeyHash(std::pair<float, int>(0.0F, 1)));
  EXPECT_NE(KeyHash(std::int64_t{5}), KeyHash(std::int32_t{5})) << "keys go by their width";
}

TEST(KeyHashTest, NanIsRefusedWhereverItHides) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(KeyHash(nan), BadKey);
  EXPECT_THROW(KeyHash(static_cast<float>(nan)), BadKey);
  EXPECT_THROW(KeyHash(Reading{"a", nan}), BadKey);
  EXPECT_THROW(KeyHash(std::optional<double>(nan)), BadKey);
  EXPECT_THROW((KeyHash(std::variant<int, double>(nan))), BadKey);
  EXPECT_THROW(KeyHash(std::vector<double>{1, nan}), BadKey);
  EXPECT_THROW((KeyHash(std::map<int, double>{{1, nan}})), BadKey);
  EXPECT_NO_THROW(KeyHash(std::optional<double>()));
  EXPECT_NO_THROW(KeyHash(std::numeric_limits<double>::infinity()));
}

TEST(KeyHashTest, TheGroupIsTheTop16Bits) {
  EXPECT_EQ(KeyGroup(0xabcd000000000001ULL), 0xabcdU);
  EXPECT_EQ(KeyGroup(~0ULL), 65535U);
}

TEST(KeyEqualTest, GoesByValue) {
  EXPECT_TRUE(KeyEqual(Point{1, 2}, Point{1, 2}));
  EXPECT_FALSE(KeyEqual(Point{1, 2}, Point{1, 3}));
  EXPECT_TRUE(KeyEqual(-0.0, 0.0));
  EXPECT_TRUE(KeyEqual(std::string("a"), std::string("a")));
  EXPECT_FALSE(KeyEqual(std::string("a"), std::string("b")));
  EXPECT_TRUE(KeyEqual(testing::Padded{1, 2}, testing::Padded{1, 2}));
}

}  // namespace
}  // namespace millrace
