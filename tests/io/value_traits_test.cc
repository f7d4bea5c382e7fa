#include "millrace/io/value_traits.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "millrace/io/compare.h"
#include "tests/io/samples.h"

namespace millrace {
namespace {

using testing::Everything;
using testing::Maker;
using testing::Point;
using testing::Reading;

struct Bid {
  std::int64_t auction = 0;
  String channel;
  std::optional<String> url;
};
MILLRACE_RECORD(Bid, auction, channel, url);

struct Opaque {  // without MILLRACE_RECORD: lives inside a chain only
  std::vector<int> values;
};

static_assert(kHasStringView<Bid> && kHasStringView<std::vector<Bid>> && !kHasStringView<Reading>);
static_assert(!kHasHeap<Bid> && kHasHeap<Reading> && kHasHeap<Opaque> && !kHasHeap<Point>);
static_assert(kHasHeap<std::vector<Bid>> && !kHasHeap<std::string_view>);
static_assert(DynamicBytes(Point{}) == 0);

TEST(MoveIntoTest, HandsTheOldBufferBack) {
  Reading dst{std::string(100, 'd'), 1};
  Reading src{std::string(200, 's'), 2};
  const char* const dst_buffer = dst.id.data();
  const char* const src_buffer = src.id.data();
  MoveInto(dst, src);
  EXPECT_EQ(dst.id, std::string(200, 's'));
  EXPECT_EQ(dst.temperature, 2);
  EXPECT_EQ(dst.id.data(), src_buffer);
  src.id.assign(100, 'n');
  EXPECT_EQ(src.id.data(), dst_buffer) << "the source got the target's buffer and needs no new one";
}

TEST(MoveIntoTest, ShortTextKeepsTheTargetsBuffer) {
  Reading dst{std::string(100, 'd'), 1};
  Reading src{"short", 2};
  const char* const buffer = dst.id.data();
  MoveInto(dst, src);
  EXPECT_EQ(dst.id, "short");
  EXPECT_EQ(dst.id.data(), buffer);
}

TEST(MoveIntoTest, VectorsAndOptionalsTrade) {
  std::vector<int> dst(10, 1);
  std::vector<int> src(20, 2);
  const int* const buffer = dst.data();
  MoveInto(dst, src);
  EXPECT_EQ(dst.size(), 20U);
  EXPECT_EQ(src.data(), buffer);

  std::optional<std::string> empty;
  std::optional<std::string> full(std::string(50, 'x'));
  MoveInto(empty, full);
  EXPECT_EQ(empty, std::string(50, 'x'));
  std::optional<std::string> none;
  MoveInto(empty, none);
  EXPECT_FALSE(empty.has_value());
}

TEST(MoveIntoTest, MovesEveryKind) {
  Maker make(::testing::UnitTest::GetInstance()->random_seed() + 1);
  Everything slot;
  Everything copy;
  for (int i = 0; i < 500; ++i) {
    const Everything original = make.Make();
    Everything source = original;
    MoveInto(slot, source);
    ASSERT_TRUE(Equal(slot, original));
    CopyInto(copy, slot);
    ASSERT_TRUE(Equal(copy, original));
    CopyInto(source, slot);  // what was moved from is still of use
    ASSERT_TRUE(Equal(source, original));
  }
}

TEST(MoveIntoTest, MovesTypesThatAreNoRecords) {
  Opaque dst;
  Opaque src{{1, 2, 3}};
  MoveInto(dst, src);
  EXPECT_EQ(dst.values.size(), 3U);
}

TEST(CopyIntoTest, KeepsCapacity) {
  Reading dst{std::string(100, 'd'), 1};
  const char* const buffer = dst.id.data();
  CopyInto(dst, Reading{std::string(90, 's'), 2});
  EXPECT_EQ(dst.id, std::string(90, 's'));
  EXPECT_EQ(dst.id.data(), buffer);
}

TEST(AdoptStringsTest, CopiesWhatLiesElsewhereAndNothingElse) {
  Arena arena;
  std::string outside = "https://example.com/item";
  Bid bid;
  bid.channel = String::View(outside);
  bid.url = String::View(outside);
  AdoptStrings(bid, arena);
  outside.assign(outside.size(), '?');
  EXPECT_EQ(bid.channel.view(), "https://example.com/item");
  EXPECT_EQ(bid.url->view(), "https://example.com/item");

  const char* const bytes = bid.channel.data();
  EXPECT_TRUE(arena.OwnsCurrent(bytes));
  AdoptStrings(bid, arena);
  EXPECT_EQ(bid.channel.data(), bytes);
}

TEST(AdoptStringsTest, LeavesStaticTextsWhereTheyAre) {
  Arena arena;
  static constexpr std::string_view kText = "a literal";
  Bid bid;
  bid.channel = String::Static(kText);
  bid.url = bid.channel;
  AdoptStrings(bid, arena);
  EXPECT_EQ(bid.channel.data(), kText.data());
  EXPECT_EQ(bid.url->data(), kText.data());
  EXPECT_TRUE(bid.url->is_static());
  EXPECT_FALSE(String(bid.channel.view()).is_static());  // a copy of its own
}

TEST(ForEachStringViewTest, FindsThemInContainers) {
  std::map<String, std::vector<String>> map;
  map[String("a")] = {String("b"), String("c")};
  std::variant<int, String> either(String("d"));
  std::string seen;
  ForEachStringView(map, [&seen](String& s) { seen += s.view(); });
  ForEachStringView(either, [&seen](String& s) { seen += s.view(); });
  EXPECT_EQ(seen, "abcd");
}

/// Can't be made of a number; so large that a variant which tries has no value then.
struct Refusing {
  Refusing() = default;
  explicit Refusing(int) { throw 1; }
  std::array<std::int64_t, 40> values{};
};
MILLRACE_RECORD(Refusing, values);

TEST(CopyIntoTest, VariantsOfBytesGetTheAlternativeThatIsThere) {
  using Words = std::array<std::int64_t, 5>;
  using Either = std::variant<std::int64_t, Words, Refusing, Words>;
  static_assert(std::is_trivially_copyable_v<Either>);
  const Words words = {1, 2, 3, 4, 5};
  Refusing large;
  large.values.back() = 7;
  Either nothing;
  EXPECT_THROW(nothing.emplace<2>(1), int);
  ASSERT_TRUE(nothing.valueless_by_exception());
  const std::vector<Either> all = {
      Either(std::in_place_index<0>, 9), Either(std::in_place_index<1>, words),
      Either(std::in_place_index<2>, large), Either(std::in_place_index<3>, words), nothing};
  for (const Either& before : all) {
    for (const Either& src : all) {
      Either dst = before;
      CopyInto(dst, src);
      ASSERT_EQ(dst.index(), src.index());
      if (src.index() == 0) EXPECT_EQ(std::get<0>(dst), 9);
      if (src.index() == 1) EXPECT_EQ(std::get<1>(dst), words);
      if (src.index() == 2) EXPECT_EQ(std::get<2>(dst).values, large.values);
      if (src.index() == 3) EXPECT_EQ(std::get<3>(dst), words);
    }
  }
}

TEST(DynamicBytesTest, CountsTextAndElements) {
  EXPECT_EQ(DynamicBytes(Reading{"12345", 0}), 5U);
  EXPECT_EQ(DynamicBytes(std::vector<std::int64_t>{1, 2, 3}), 24U);
  EXPECT_EQ(DynamicBytes(std::vector<std::string>{"abc"}), sizeof(std::string) + 3);
  EXPECT_EQ(DynamicBytes(Bid{1, String("abc"), String("de")}), 5U);
  EXPECT_EQ(DynamicBytes(std::optional<std::string>()), 0U);
  EXPECT_GT(DynamicBytes(std::map<int, std::string>{{1, "abc"}}),
            sizeof(std::pair<int, std::string>) + 3);
}

}  // namespace
}  // namespace millrace
