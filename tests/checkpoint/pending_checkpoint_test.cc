#include "runtime/checkpoint/pending_checkpoint.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using State = PendingCheckpoint::State;
const std::vector<TaskId> kTasks = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};

TEST(PendingCheckpoint, IsCompleteWhenAllHaveAcknowledged) {
  PendingCheckpoint checkpoint(1, 0, kTasks);
  for (const TaskId& task : kTasks) {
    EXPECT_EQ(checkpoint.state(), State::kRunning);
    checkpoint.OnAcknowledged(task);
    checkpoint.OnAcknowledged(task);
  }
  EXPECT_EQ(checkpoint.state(), State::kComplete);
  checkpoint.OnDeclined({0, 0}, "too late");
  EXPECT_EQ(checkpoint.state(), State::kComplete);
}

TEST(PendingCheckpoint, OneThatDeclinesFailsIt) {
  PendingCheckpoint checkpoint(1, 0, kTasks);
  checkpoint.OnAcknowledged({0, 0});
  checkpoint.OnDeclined({1, 1}, "write '/c/1': No space left on device");
  EXPECT_EQ(checkpoint.state(), State::kFailed);
  EXPECT_EQ(checkpoint.why(), "vertex 1, subtask 1: write '/c/1': No space left on device");
  for (const TaskId& task : kTasks) checkpoint.OnAcknowledged(task);
  EXPECT_EQ(checkpoint.state(), State::kFailed);
}

TEST(PendingCheckpoint, ATimeoutNamesWhoWasWaitedFor) {
  PendingCheckpoint checkpoint(1, 0, kTasks);
  checkpoint.OnAcknowledged({0, 1});
  checkpoint.OnTimeout();
  EXPECT_EQ(checkpoint.why(),
            "timed out, 3 of 4 tasks had not acknowledged it (vertex/subtask 0/0, 1/0, 1/1)");
  PendingCheckpoint other(2, 0, kTasks);
  other.OnTimeout();
  EXPECT_EQ(other.why(),
            "timed out, 4 of 4 tasks had not acknowledged it (vertex/subtask 0/0, 0/1, 1/0, ...)");
}

TEST(PendingCheckpoint, StrangersAndNobodyAtAll) {
  PendingCheckpoint checkpoint(1, 0, kTasks);
  checkpoint.OnAcknowledged({7, 0});
  EXPECT_EQ(checkpoint.missing(), 4U);
  EXPECT_EQ(PendingCheckpoint(2, 0, {}).state(), State::kComplete);
}

}  // namespace
}  // namespace millrace
