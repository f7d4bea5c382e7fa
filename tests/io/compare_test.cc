#include "millrace/io/compare.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/io/samples.h"

namespace millrace {
namespace {

using testing::Maker;
using testing::Reading;

// A record with operators of its own: the library neither needs nor replaces them.
struct Odd {
  int value = 0;
  [[maybe_unused]] friend bool operator==(const Odd&, const Odd&) { return false; }
};
MILLRACE_RECORD(Odd, value);

TEST(CompareTest, AgreesWithTheEncoding) {
  const std::uint64_t seed = std::random_device{}();
  Maker make(seed);
  using Value = std::tuple<Reading, std::optional<std::int64_t>, std::vector<double>,
                           std::variant<std::int32_t, std::string>, std::map<std::string, bool>>;
  std::vector<Value> values;
  for (int i = 0; i < 60; ++i) {
    Value v;
    std::get<0>(v) = {make.Below(2) == 0 ? "" : make.Text(), make.Real()};
    if (make.Below(2) == 0) std::get<1>(v) = make.Integer();
    if (make.Below(2) == 0) std::get<2>(v) = {make.Real()};
    if (make.Below(2) == 0) std::get<3>(v) = make.Text();
    if (make.Below(2) == 0) std::get<4>(v)["k"] = make.Below(2) == 0;
    values.push_back(v);
    values.push_back(v);
  }
  for (const Value& a : values) {
    for (const Value& b : values) {
      ByteWriter left;
      ByteWriter right;
      Encode(a, left);
      Encode(b, right);
      const bool nan = std::get<0>(a).temperature != std::get<0>(a).temperature;
      if (!nan) ASSERT_EQ(Equal(a, b), left.view() == right.view()) << "seed " << seed;
      ASSERT_EQ(Equal(a, b), Compare(a, b) == 0) << "seed " << seed;
      ASSERT_EQ(Compare(a, b) < 0, Compare(b, a) > 0) << "seed " << seed;
    }
  }
}

TEST(CompareTest, OrdersByFieldThenByNext) {
  EXPECT_TRUE(Compare(Reading{"a", 2}, Reading{"b", 1}) < 0);
  EXPECT_TRUE(Compare(Reading{"a", 2}, Reading{"a", 1}) > 0);
  EXPECT_TRUE(Compare(std::string("\x7f"), std::string("\x80")) < 0) << "bytes are unsigned";
  EXPECT_TRUE(Compare(std::vector<int>{1}, std::vector<int>{1, 0}) < 0);
  EXPECT_TRUE(Compare(std::optional<int>(), std::optional<int>(-1)) < 0);
  EXPECT_TRUE(Compare(String("ab"), String("b")) < 0);
  EXPECT_TRUE(Compare(std::uint64_t{1} << 63, std::uint64_t{1}) > 0);
}

TEST(CompareTest, FloatingPointIsTotal) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(Equal(nan, -nan));
  EXPECT_TRUE(Equal(-0.0, 0.0));
  EXPECT_TRUE(Compare(nan, std::numeric_limits<double>::infinity()) > 0);
  EXPECT_TRUE(Compare(nan, nan) == 0);
}

TEST(CompareTest, UsesTheFieldTableNotTheUsersOperators) {
  EXPECT_TRUE(Equal(Odd{1}, Odd{1}));
  EXPECT_FALSE(Equal(Odd{1}, Odd{2}));
}

TEST(CompareTest, UnorderedMapsAreEqualInAnyOrder) {
  std::unordered_map<int, std::string> a{{1, "x"}, {2, "y"}, {3, "z"}};
  std::unordered_map<int, std::string> b{{3, "z"}, {2, "y"}, {1, "x"}};
  b.rehash(100);
  EXPECT_TRUE(Equal(a, b));
  b[2] = "other";
  EXPECT_FALSE(Equal(a, b));
}

}  // namespace
}  // namespace millrace
