#include "millrace/operators/edge/key_column.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "millrace/io/record.h"

namespace millrace {
namespace {

struct Order {
  std::int64_t customer = 0;
  std::int32_t shop = 0;
};
MILLRACE_RECORD(Order, customer, shop);

std::vector<Order> Orders(std::uint32_t count) {
  std::vector<Order> orders;
  for (std::uint32_t i = 0; i < count; ++i)
    orders.push_back({std::int64_t{i} * 7919 - 300, static_cast<std::int32_t>(i % 13)});
  return orders;
}

/// Keys of a word are hashed as a column, others one by one.
template <class KeyFn>
void ExpectHashesOf(const KeyFn& key) {
  for (const std::uint32_t count : {0, 1, 127, 128, 129, 1000}) {
    const std::vector<Order> orders = Orders(count);
    std::vector<std::uint64_t> hashes(count + 1, 77);
    HashKeyColumn(key, orders.data(), count, hashes.data());
    for (std::uint32_t i = 0; i < count; ++i)
      ASSERT_EQ(hashes[i], KeyHash(key(orders[i]))) << i << " of " << count;
    ASSERT_EQ(hashes[count], 77u) << "written behind the column";
  }
}

TEST(KeyColumn, IsTheHashOfEachRowsKey) {
  ExpectHashesOf([](const Order& o) { return o.customer; });
  ExpectHashesOf([](const Order& o) { return o.shop; });
  ExpectHashesOf([](const Order& o) { return std::to_string(o.customer); });
}

TEST(KeyColumn, AKeyThatThrowsNamesItsRow) {
  const std::vector<Order> orders = Orders(300);
  std::vector<std::uint64_t> hashes(orders.size());
  const auto key = [&](const Order& o) {
    if (o.customer == orders[200].customer) throw std::runtime_error("no customer");
    return o.customer;
  };
  try {
    HashKeyColumn(key, orders.data(), 300, hashes.data());
    FAIL() << "nothing was thrown";
  } catch (const UserError& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("no customer"), std::string::npos) << what;
    EXPECT_NE(what.find(std::to_string(orders[200].customer)), std::string::npos) << what;
  }
}

}  // namespace
}  // namespace millrace
