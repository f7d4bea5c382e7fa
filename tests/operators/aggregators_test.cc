// Ready-made aggregators where their numbers end. (Whether something is undefined the sanitizers say.)
#include "millrace/operators/aggregators.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace millrace {
namespace {

struct Amount {
  std::int64_t wide = 0;
  std::uint32_t narrow = 0;
};

TEST(Aggregators, SumsOfIntegersWrapAround) {
  const Sum sum(&Amount::wide);
  std::int64_t acc = sum.Create();
  sum.Add(acc, {INT64_MAX, 0});
  sum.Add(acc, {2, 0});
  EXPECT_EQ(sum.Result(acc), INT64_MIN + 1);
  sum.Subtract(acc, 2);
  EXPECT_EQ(sum.Result(acc), INT64_MAX);
  sum.Merge(acc, INT64_MAX);
  EXPECT_EQ(sum.Result(acc), -2);

  const Sum unsigned_sum(&Amount::narrow);
  std::uint64_t wide = unsigned_sum.Create();
  unsigned_sum.Add(wide, {0, UINT32_MAX});
  unsigned_sum.Add(wide, {0, UINT32_MAX});
  EXPECT_EQ(unsigned_sum.Result(wide), 2 * std::uint64_t{UINT32_MAX}) << "the sum is wider";
}

TEST(Aggregators, CountsOfDamagedStateAreDefined) {
  const Count count;
  std::int64_t acc = INT64_MAX;
  count.Add(acc, Amount{});
  EXPECT_EQ(count.Result(acc), INT64_MIN);
  count.Subtract(acc, 1);
  EXPECT_EQ(count.Result(acc), INT64_MAX);
}

}  // namespace
}  // namespace millrace
