#include "runtime/checkpoint/job_checkpoints.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

class CountingWaker final : public Waker {
 public:
  void Wake() override { ++woken; }
  int woken = 0;
};

TEST(JobCheckpoints, AWorkerDropsWhatItsMasterHasGivenUp) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.MakeFolder("chk/tasks").ok());
  const auto store = CheckpointStore::OpenedElsewhere(&files, "chk");
  ManualClock clock;
  JobPlan plan;
  PlanVertex& vertex = plan.vertices.emplace_back();
  vertex.parallelism = 1;
  JobCheckpoints::Begin begin;
  begin.plan = &plan;
  begin.store = store.get();
  begin.clock = &clock;
  begin.run = "r";
  begin.coordinates = false;
  JobCheckpoints checkpoints(std::move(begin));
  CountingWaker waker;
  const CheckpointMail* mail = checkpoints.AddTask({0, 0}, 1, &waker);
  ByteWriter block;
  block.PutString("state");
  const auto file = checkpoints.uploads()->Begin({0, 0}, 1);
  file->Add(0, SnapshotBlock::kRows, std::move(block));
  file->End(1, {});
  ASSERT_GT(checkpoints.uploads()->waiting(), 0);
  CheckpointMail::Numbers numbers;
  numbers.triggered = numbers.aborted = 1;
  checkpoints.Deliver({0, 0}, numbers);
  EXPECT_EQ(checkpoints.uploads()->waiting(), 0);
  EXPECT_EQ(mail->aborted, 1);
  EXPECT_EQ(waker.woken, 1);
}

}  // namespace
}  // namespace millrace
