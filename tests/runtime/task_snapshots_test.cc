#include "runtime/task/task_snapshots.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace {
namespace {

/// Notes of each of its snapshots whether it was to be whole.
class NotingOperator final : public Operator {
 public:
  void Open(OperatorContext&) override {}
  bool ProcessBatch(int, Batch&, std::uint32_t*, StepBudget&) override { return true; }
  bool AdvanceWatermark(EventTime, StepBudget&) override { return true; }
  bool Finish(StepBudget&) override { return true; }
  void ForwardIdle() override {}
  void ForwardEnd() override {}
  void Flush(FlushMode) override {}
  bool Blocked() override { return false; }
  void ForwardBarrier(std::int64_t) override {}
  void BeginSnapshot(OperatorSnapshot& to) override {
    snapshots += std::to_string(to.checkpoint()) + (to.whole() ? " whole, " : " changes, ");
  }
  std::string snapshots;
};

/// Takes all, and notes what was declined.
class NotingTarget final : public SnapshotTarget {
 public:
  class File final : public SnapshotFile {
   public:
    explicit File(bool base_lost) : base_lost_(base_lost) {}
    bool base_lost() const override { return base_lost_; }
    void Add(std::size_t, SnapshotBlock, ByteWriter) override {}
    void End(std::int64_t, const SnapshotTimes&) override {}

   private:
    const bool base_lost_;
  };
  std::unique_ptr<SnapshotFile> Begin(TaskId, std::int64_t) override {
    return std::make_unique<File>(std::exchange(base_lost, false));
  }
  bool base_lost = false;  // the next file to begin says so
  void OnDeclined(TaskId, std::int64_t checkpoint, const std::string&) override {
    declined.push_back(checkpoint);
  }
  void OnEnded(TaskId) override {}
  bool Crowded() const override { return false; }
  std::vector<std::int64_t> declined;
};

/// A task of two operators; barriers come to them as the test says.
class TaskSnapshotsTest : public ::testing::Test {
 protected:
  TaskSnapshotsTest() {
    for (NotingOperator*& op : ops_) {
      auto made = std::make_unique<NotingOperator>();
      op = made.get();
      operators_.push_back(std::move(made));
    }
  }
  void WriteAll() {
    while (snapshots_.Slice()) {
    }
  }
  NotingOperator* ops_[2];
  std::vector<std::unique_ptr<Operator>> operators_;
  ManualClock clock_;
  NotingTarget target_;
  TaskSnapshots snapshots_{{0, 0}, &operators_, &clock_, &target_};
};

TEST_F(TaskSnapshotsTest, BehindALostOneTheNextIsWholeOnce) {
  snapshots_.OnLost();
  for (const std::int64_t checkpoint : {1, 2}) {
    for (const std::size_t op : {0, 1}) snapshots_.OnBarrier(op, checkpoint);
    WriteAll();
  }
  EXPECT_EQ(ops_[0]->snapshots, "1 whole, 2 changes, ");
  EXPECT_EQ(ops_[1]->snapshots, "1 whole, 2 changes, ");
}

TEST_F(TaskSnapshotsTest, OneWhoseFileSaysSoIsWhole) {
  target_.base_lost = true;
  for (const std::int64_t checkpoint : {1, 2}) {
    for (const std::size_t op : {0, 1}) snapshots_.OnBarrier(op, checkpoint);
    WriteAll();
  }
  EXPECT_EQ(ops_[0]->snapshots, "1 whole, 2 changes, ");
}

TEST_F(TaskSnapshotsTest, OneWhoseFileSaysSoWhileAnotherIsOpenIsDeclinedAndTheNextIsWhole) {
  for (const std::size_t op : {0, 1}) snapshots_.OnBarrier(op, 1);
  target_.base_lost = true;
  for (const std::size_t op : {0, 1}) snapshots_.OnBarrier(op, 2);
  EXPECT_EQ(target_.declined, std::vector<std::int64_t>{2});
  WriteAll();
  for (const std::size_t op : {0, 1}) snapshots_.OnBarrier(op, 3);
  EXPECT_EQ(ops_[1]->snapshots, "1 changes, 3 whole, ");
}

TEST_F(TaskSnapshotsTest, OneIsWholeInAllOperatorsOrInNone) {
  snapshots_.OnBarrier(0, 1);
  snapshots_.OnLost();  // the barrier is between the two
  snapshots_.OnBarrier(1, 1);
  WriteAll();
  for (const std::size_t op : {0, 1}) snapshots_.OnBarrier(op, 2);
  EXPECT_EQ(ops_[0]->snapshots, "1 changes, 2 whole, ");
  EXPECT_EQ(ops_[1]->snapshots, "1 changes, 2 whole, ");
}

TEST_F(TaskSnapshotsTest, AWholeOneBeginsAloneInEveryOperator) {
  snapshots_.OnBarrier(0, 1);
  snapshots_.OnLost();
  snapshots_.OnBarrier(0, 2);  // 1 is still open
  EXPECT_EQ(target_.declined, std::vector<std::int64_t>{2});
  snapshots_.OnBarrier(1, 1);
  WriteAll();
  snapshots_.OnBarrier(0, 3);
  snapshots_.OnBarrier(0, 4);  // 3 has not come to the second operator
  EXPECT_EQ(target_.declined, (std::vector<std::int64_t>{2, 4}));
  snapshots_.OnBarrier(1, 3);
  snapshots_.OnBarrier(0, 5);
  EXPECT_EQ(ops_[0]->snapshots, "1 changes, 3 whole, 5 changes, ");
  EXPECT_EQ(ops_[1]->snapshots, "1 changes, 3 whole, ");
}

}  // namespace
}  // namespace millrace
