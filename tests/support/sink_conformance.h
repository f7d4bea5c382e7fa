#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "tests/support/seeds.h"
#include "tests/support/sink_run.h"

/// What every sink that commits has to keep, whatever fails. To run it on a sink write a subject and
///   INSTANTIATE_TYPED_TEST_SUITE_P(MySink, SinkConformance, MySubject);
/// A subject is the sink, the outside world that it writes to, and somebody who reads there:
///   using Record; using Sink;
///   Sink MakeSink();                             the same each time
///   static Record RecordOf(int number);
///   std::vector<int> Seen();                     the numbers of the records that a reader sees now, in any order
///   std::size_t Leftovers(const std::string& job_id)   what the job with this id has written and nobody sees
///   void Die();                                  the machine loses power: what was not made durable is gone
///   void FailAt(int call);                       from now on the call-th call to the outside fails; 0: none
///   bool failed()                                it has come to that
namespace millrace::test_support {

template <class Subject>
class SinkConformance : public ::testing::Test {
 protected:
  using Run = SinkRun<typename Subject::Record, typename Subject::Sink>;

  /// Runs are named in their order, as those of a job that goes on from its checkpoints.
  std::unique_ptr<Run> Start(int parallelism, const SinkCheckpoint* restore,
                             bool checkpoints = true) {
    typename Run::Setting setting;
    setting.run = "r" + std::to_string(++runs_);
    if (!checkpoints) setting.job_id = setting.run;
    setting.parallelism = parallelism;
    setting.checkpoints = checkpoints;
    setting.restore = restore;
    return std::make_unique<Run>(subject_->MakeSink(), setting);
  }
  void Write(Run& run, int from, int to) {
    for (int i = from; i < to; ++i) run.Write(i % run.parallelism(), Subject::RecordOf(i));
  }
  void Die(std::unique_ptr<Run>* run) {
    run->reset();
    subject_->Die();
  }
  std::vector<int> Seen() {
    std::vector<int> seen = subject_->Seen();
    std::sort(seen.begin(), seen.end());
    return seen;
  }
  static std::vector<int> UpTo(int end) {
    std::vector<int> numbers;
    for (int i = 0; i < end; ++i) numbers.push_back(i);
    return numbers;
  }

  /// Another outside world.
  void StartAnew() {
    subject_.reset();
    subject_ = std::make_unique<Subject>();
    runs_ = 0;
  }

  std::unique_ptr<Subject> subject_ = std::make_unique<Subject>();
  int runs_ = 0;
};
TYPED_TEST_SUITE_P(SinkConformance);

TYPED_TEST_P(SinkConformance, NothingIsSeenBeforeItsCheckpointIsComplete) {
  auto run = this->Start(2, nullptr);
  this->Write(*run, 0, 50);
  EXPECT_TRUE(this->Seen().empty());
  (void)run->Prepare(1);
  this->Write(*run, 50, 60);
  EXPECT_TRUE(this->Seen().empty());
  run->Commit(1);
  EXPECT_EQ(this->Seen(), this->UpTo(50));
  (void)run->Prepare(2);
  run->Commit(2);
  run->Close();
  EXPECT_EQ(this->Seen(), this->UpTo(60));
  EXPECT_EQ(this->subject_->Leftovers("job"), 0U);
}

TYPED_TEST_P(SinkConformance, ACheckpointThatFailedIsCommittedWithTheNextOne) {
  auto run = this->Start(2, nullptr);
  this->Write(*run, 0, 20);
  (void)run->Prepare(1);
  this->Write(*run, 20, 30);
  const SinkCheckpoint second = run->Prepare(2);
  this->Die(&run);
  run = this->Start(2, &second);
  EXPECT_EQ(this->Seen(), this->UpTo(30));
}

TYPED_TEST_P(SinkConformance, CommittedOnceMoreChangesNothing) {
  auto run = this->Start(3, nullptr);
  this->Write(*run, 0, 40);
  const SinkCheckpoint first = run->Prepare(1);
  run->Commit(1);
  for (const int parallelism : {3, 1, 2}) {
    this->Die(&run);
    EXPECT_EQ(this->Seen(), this->UpTo(40));
    run = this->Start(parallelism, &first);
    EXPECT_EQ(this->Seen(), this->UpTo(40));
  }
}

TYPED_TEST_P(SinkConformance, WhatNoCompleteCheckpointHasIsGone) {
  auto run = this->Start(3, nullptr);
  this->Write(*run, 0, 40);
  const SinkCheckpoint first = run->Prepare(1);
  this->Write(*run, 40, 70);
  (void)run->Prepare(2);  // not complete: the job dies before
  this->Write(*run, 70, 90);
  this->Die(&run);
  run = this->Start(2, &first);
  EXPECT_EQ(this->Seen(), this->UpTo(40));
  EXPECT_EQ(this->subject_->Leftovers("job"), 0U) << "of the run that died";
  this->Write(*run, 40, 90);
  (void)run->Prepare(2);
  run->Commit(2);
  EXPECT_EQ(this->Seen(), this->UpTo(90));
}

TYPED_TEST_P(SinkConformance, AnotherJobsWorkIsLeftAlone) {
  typename TestFixture::Run::Setting theirs;
  theirs.run = "x1";
  theirs.job_id = "other";
  typename TestFixture::Run other(this->subject_->MakeSink(), theirs);
  other.Write(0, TypeParam::RecordOf(0));
  (void)other.Prepare(1);
  auto run = this->Start(1, nullptr);
  const SinkCheckpoint nothing = run->Prepare(1);
  this->Die(&run);
  run = this->Start(1, &nothing);
  other.Commit(1);
  EXPECT_EQ(this->Seen(), this->UpTo(1));
}

TYPED_TEST_P(SinkConformance, AJobThatFailsLeavesWhatACheckpointMayHave) {
  auto run = this->Start(2, nullptr);
  this->Write(*run, 0, 20);
  const SinkCheckpoint first = run->Prepare(1);
  this->Write(*run, 20, 30);
  run->Close();  // closed in order, without a commit
  run.reset();
  EXPECT_TRUE(this->Seen().empty());
  run = this->Start(1, &first);
  EXPECT_EQ(this->Seen(), this->UpTo(20));
}

TYPED_TEST_P(SinkConformance, WithoutCheckpointsAllIsSeenAtTheEnd) {
  auto run = this->Start(2, nullptr, false);
  this->Write(*run, 0, 30);
  EXPECT_TRUE(this->Seen().empty());
  run->End();
  run->Close();
  EXPECT_EQ(this->Seen(), this->UpTo(30));
  EXPECT_EQ(this->subject_->Leftovers("r1"), 0U);
}

TYPED_TEST_P(SinkConformance, WithoutCheckpointsAFailedJobShowsNothing) {
  auto run = this->Start(2, nullptr, false);
  this->Write(*run, 0, 30);
  run->Close();
  EXPECT_TRUE(this->Seen().empty());
  EXPECT_EQ(this->subject_->Leftovers("r1"), 0U);
}

TYPED_TEST_P(SinkConformance, AFailureAtAnyCallLosesAndDoublesNothing) {
  constexpr int kPart = 8, kParts = 3;
  int call = 1;
  for (bool failed = true; failed; ++call) {
    this->StartAnew();
    SinkCheckpoint complete;
    bool restored = false;
    int done = 0;  // parts that a complete checkpoint has
    this->subject_->FailAt(call);
    while (done < kParts) {
      std::unique_ptr<typename TestFixture::Run> run;
      try {
        run = this->Start(1 + call % 3, restored ? &complete : nullptr);
        while (done < kParts) {
          this->Write(*run, done * kPart, (done + 1) * kPart);
          const SinkCheckpoint prepared = run->Prepare(done + 1);
          complete = prepared;
          restored = true;
          run->Commit(++done);
        }
        run->Close();
      } catch (const std::exception&) {
        ASSERT_TRUE(this->subject_->failed()) << "call " << call;
        this->subject_->FailAt(0);
        this->Die(&run);
        if (done == kParts) this->Start(1, &complete)->Close();
      }
    }
    failed = this->subject_->failed();
    ASSERT_EQ(this->Seen(), this->UpTo(kParts * kPart)) << "call " << call;
    if (!failed) EXPECT_EQ(this->subject_->Leftovers("job"), 0U);
    ASSERT_LT(call, 10000);
  }
  EXPECT_GT(call, 5) << "nothing was called that could fail";
}

TYPED_TEST_P(SinkConformance, ReadersSeeEachRecordOnceWhateverHappens) {
  for (const std::uint64_t seed : Seeds(1, 40)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    this->StartAnew();
    Random random(seed);
    SinkCheckpoint complete;
    bool any = false;
    int written = 0, checkpointed = 0, committed = 0;  // records
    std::int64_t id = 0;
    auto run = this->Start(1 + static_cast<int>(random.Uniform(4)), nullptr);
    for (int turn = 0; turn < 60; ++turn) {
      switch (random.Uniform(6)) {
        case 0: {  // dies, perhaps with a checkpoint that it never hears of, and is restored
          if (random.Chance(0.5)) (void)run->Prepare(++id);
          this->Die(&run);
          run = this->Start(1 + static_cast<int>(random.Uniform(4)), any ? &complete : nullptr);
          written = committed = checkpointed;
          break;
        }
        case 1:
          complete = run->Prepare(++id);
          any = true;
          checkpointed = written;
          break;
        case 2:
          if (!any) break;
          run->Commit(id);
          committed = checkpointed;
          break;
        default: {
          const int end = written + 1 + static_cast<int>(random.Uniform(10));
          this->Write(*run, written, end);
          written = end;
        }
      }
      ASSERT_EQ(this->Seen(), this->UpTo(committed)) << "turn " << turn;
    }
    run.reset();
  }
}

REGISTER_TYPED_TEST_SUITE_P(SinkConformance, NothingIsSeenBeforeItsCheckpointIsComplete,
                            ACheckpointThatFailedIsCommittedWithTheNextOne,
                            CommittedOnceMoreChangesNothing, WhatNoCompleteCheckpointHasIsGone,
                            AnotherJobsWorkIsLeftAlone, AJobThatFailsLeavesWhatACheckpointMayHave,
                            WithoutCheckpointsAllIsSeenAtTheEnd,
                            WithoutCheckpointsAFailedJobShowsNothing,
                            AFailureAtAnyCallLosesAndDoublesNothing,
                            ReadersSeeEachRecordOnceWhateverHappens);

}  // namespace millrace::test_support
