// Messages between master and worker over a pair of sockets.
#include "runtime/workers/control_link.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "millrace/v1/worker.pb.h"

namespace millrace {
namespace {

class ControlLinkTest : public ::testing::Test {
 protected:
  ControlLinkTest() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    a_ = std::make_unique<ControlLink>(fds[0]);
    b_ = std::make_unique<ControlLink>(fds[1]);
  }
  static v1::ToMaster Split(int subtask, std::string bytes) {
    v1::ToMaster message;
    message.mutable_split_assignment()->set_subtask(subtask);
    message.mutable_split_assignment()->add_splits(std::move(bytes));
    return message;
  }
  /// False when the other side is gone or sends no messages.
  static bool Await(ControlLink& link, v1::ToMaster* message) {
    while (!link.Next(message)) {
      if (!link.error().ok()) return false;
      pollfd fd{link.fd(), POLLIN, 0};
      poll(&fd, 1, 10000);
      if (!link.Receive()) return link.Next(message);
    }
    return true;
  }
  std::unique_ptr<ControlLink> a_, b_;
};

TEST_F(ControlLinkTest, MessagesComeWholeAndInOrder) {
  const std::string large(3000000, 'x');  // more than a socket takes at once
  std::thread sender([&] {
    for (int i = 0; i < 10; ++i) a_->SendAll(Split(i, i % 3 == 0 ? large : std::to_string(i)));
  });
  v1::ToMaster message;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Await(*b_, &message));
    EXPECT_EQ(message.split_assignment().subtask(), i);
    EXPECT_EQ(message.split_assignment().splits(0), i % 3 == 0 ? large : std::to_string(i));
  }
  sender.join();
  a_.reset();
  EXPECT_FALSE(Await(*b_, &message));
  EXPECT_TRUE(b_->error().ok());
}

TEST_F(ControlLinkTest, SendDoesNotWaitForASideThatDoesNotRead) {
  const std::string large(1000000, 'x');
  for (int i = 0; i < 4; ++i) a_->Send(Split(i, large));
  EXPECT_TRUE(a_->HasOutput());
  v1::ToMaster message;
  for (int i = 0; i < 4;) {
    a_->Flush();
    b_->Receive();
    while (b_->Next(&message)) EXPECT_EQ(message.split_assignment().subtask(), i++);
  }
  EXPECT_FALSE(a_->HasOutput());
  b_.reset();
  a_->Send(Split(9, large));  // to nobody
  EXPECT_FALSE(a_->HasOutput());
}

TEST_F(ControlLinkTest, WhatIsNoMessageIsAnError) {
  const std::string junk = {4, 0, 0, 0, '\xff', '\xff', '\xff', '\xff'};
  ASSERT_EQ(write(a_->fd(), junk.data(), junk.size()), static_cast<ssize_t>(junk.size()));
  v1::ToMaster message;
  EXPECT_FALSE(Await(*b_, &message));
  EXPECT_EQ(b_->error().message(), "read a message between master and worker: it does not parse");
}

}  // namespace
}  // namespace millrace
