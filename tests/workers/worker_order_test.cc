#include "runtime/workers/worker_order.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(WorkerOrder, IsReadAsItWasWritten) {
  WorkerOrder order;
  order.report_fd = 5;
  order.parent = 1234;
  order.job = 2;
  order.plan_hash = 0xffffffffffffffff;
  order.worker = 1;
  order.workers = 3;
  order.control_fd = 9;
  order.peers = {11, -1, 12};
  const auto read = WorkerOrder::Parse(order.Text().c_str());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->Text(), order.Text());
  EXPECT_EQ(read->peers, order.peers);
  EXPECT_EQ(read->plan_hash, order.plan_hash);
}

TEST(WorkerOrder, WhatIsNoneIsNone) {
  EXPECT_FALSE(WorkerOrder::Parse(nullptr).has_value());
  EXPECT_FALSE(WorkerOrder::Parse("").has_value());
  EXPECT_FALSE(WorkerOrder::Parse("5 1234 two").has_value());
}

}  // namespace
}  // namespace millrace
