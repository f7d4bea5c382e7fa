#include "millrace/operators/edge/row_order.h"

#include <gtest/gtest.h>

#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/key.h"
#include "tests/support/avx_state.h"

namespace millrace {
namespace {

std::vector<std::vector<std::uint8_t>> Naive(const std::vector<std::uint64_t>& hashes,
                                             std::uint32_t targets) {
  std::vector<std::vector<std::uint8_t>> rows(targets);
  for (std::size_t i = 0; i < hashes.size(); ++i)
    rows[OwnerOfKeyGroup(KeyGroup(hashes[i]), targets)].push_back(static_cast<std::uint8_t>(i));
  return rows;
}
std::vector<std::vector<std::uint8_t>> Ordered(const std::vector<std::uint64_t>& hashes,
                                               std::uint32_t targets) {
  RowOrder order;
  for (std::uint32_t& count : order.counts) count = 12345;  // what another block has left
  OrderByTarget(hashes.data(), static_cast<std::uint32_t>(hashes.size()), targets, &order);
  std::vector<std::vector<std::uint8_t>> rows;
  for (std::uint32_t t = 0; t < targets; ++t)
    rows.emplace_back(order.rows[t], order.rows[t] + order.counts[t]);
  return rows;
}

TEST(RowOrder, EachTargetGetsItsRowsInTheirOrder) {
  const std::uint64_t seed = 11;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (std::uint32_t targets = 2; targets <= RowOrder::kMostTargets; ++targets) {
    for (std::size_t count = 0; count <= RowOrder::kMostRows; ++count) {
      std::vector<std::uint64_t> hashes(count);
      for (std::uint64_t& hash : hashes) hash = random.Next();
      ASSERT_EQ(Ordered(hashes, targets), Naive(hashes, targets)) << targets << ", " << count;
    }
  }
}

TEST(RowOrder, LeavesTheUpperHalvesOfRegistersClean) {
  if (!test_support::KnowsUpperHalves()) GTEST_SKIP() << "this core does not say";
  const std::vector<std::uint64_t> hashes(RowOrder::kMostRows, 77);
  for (std::uint32_t targets = 2; targets <= RowOrder::kMostTargets; ++targets) {
    for (const std::uint32_t count : {3U, 8U, 63U, 64U}) {
      RowOrder order;
      OrderByTarget(hashes.data(), count, targets, &order);
      EXPECT_FALSE(test_support::UpperHalvesInUse()) << targets << ", " << count;
    }
  }
}

TEST(RowOrder, ABlockMayBelongToOneTarget) {
  for (std::uint32_t targets = 2; targets <= RowOrder::kMostTargets; ++targets) {
    for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}}) {
      const std::vector<std::uint64_t> hashes(RowOrder::kMostRows, hash);
      EXPECT_EQ(Ordered(hashes, targets), Naive(hashes, targets)) << targets << ", " << hash;
    }
  }
}

// The last key group of a target and the first one of the next.
TEST(RowOrder, BordersOfKeyGroupRanges) {
  for (std::uint32_t targets = 2; targets <= RowOrder::kMostTargets; ++targets) {
    std::vector<std::uint64_t> hashes;
    for (std::uint32_t t = 1; t < targets; ++t) {
      const std::uint64_t first = (std::uint64_t{t} * 65536 + targets - 1) / targets;
      hashes.insert(hashes.end(), {first << 48, (first << 48) - 1});
    }
    hashes.resize(hashes.size() + 16 - hashes.size() % 8, 1);
    EXPECT_EQ(Ordered(hashes, targets), Naive(hashes, targets)) << targets;
  }
}

}  // namespace
}  // namespace millrace
