// The coordinator with tasks that the test plays: several checkpoints at once, failing files, timeouts.
#include "runtime/checkpoint/checkpoint_coordinator.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/base/random.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

constexpr std::int64_t kMillis = 1000000;

class Coordinator : public ::testing::Test {
 protected:
  /// `tasks` of one vertex.
  void Start(int tasks, CheckpointSettings settings) {
    store_ = CheckpointStore::Open(&files_, "chk", "a test").value();
    uploads_.emplace(store_.get(), &clock_, "run");
    CheckpointCoordinator::Job job;
    job.plan.job = "job";
    job.plan.vertices.push_back({{"op"}, {}});
    job.plan.vertices[0].tasks.resize(static_cast<std::size_t>(tasks));
    for (int i = 0; i < tasks; ++i) job.tasks.push_back({{0, i}, &mails_[i], nullptr});
    coordinator_.emplace(std::move(job), settings, &clock_, &*uploads_, &history_, 1,
                         std::map<TaskId, Manifest::Chain>());
  }
  static CheckpointSettings Settings(std::size_t concurrent) {
    CheckpointSettings settings;
    settings.interval_nanos = 10 * kMillis;
    settings.timeout_nanos = 100 * kMillis;
    settings.max_concurrent = concurrent;
    settings.tolerable_failures = 1000;
    return settings;
  }
  /// The task writes its part; it is durable after Write.
  void Snapshot(int task, std::int64_t checkpoint, std::int64_t oldest) {
    auto file = uploads_->Begin({0, task}, checkpoint);
    ByteWriter block;
    block.PutString("state");
    file->Add(0, SnapshotBlock::kRows, std::move(block));
    SnapshotTimes times;
    times.began = clock_.NowNanos();
    file->End(oldest, times);
  }
  void Write() {
    while (uploads_->RunOne()) {
    }
    coordinator_->Step();
    while (uploads_->RunOne()) {
    }
    coordinator_->Step();
  }
  void Pass(std::int64_t millis) {
    clock_.AdvanceMillis(millis);
    coordinator_->Step();
  }

  MemoryFileSystem files_;
  ManualClock clock_;
  std::unique_ptr<CheckpointStore> store_;
  std::optional<SnapshotUploads> uploads_;
  std::map<int, CheckpointMail> mails_;
  CheckpointHistory history_;
  std::optional<CheckpointCoordinator> coordinator_;
};

TEST_F(Coordinator, BeginsAtItsIntervalAndTellsWhatWasDone) {
  Start(2, Settings(1));
  EXPECT_EQ(coordinator_->next_wake(), 10 * kMillis);
  Pass(9);
  EXPECT_EQ(mails_[0].triggered, 0);
  Pass(1);
  EXPECT_EQ(mails_[1].triggered, 1);
  EXPECT_EQ(coordinator_->next_wake(), 110 * kMillis) << "its timeout";
  Pass(3);
  Snapshot(0, 1, 1);
  Pass(2);
  Snapshot(1, 1, 1);
  Write();
  EXPECT_EQ(mails_[0].complete, 1);
  ASSERT_EQ(history_.recent.size(), 1U);
  const CheckpointReport& report = history_.recent[0];
  EXPECT_EQ(report.nanos, 5 * kMillis);
  ASSERT_EQ(report.subtasks.size(), 2U);
  EXPECT_EQ(report.subtasks[0].start_delay, 3 * kMillis);
  EXPECT_EQ(report.subtasks[0].acknowledged, 5 * kMillis);
  EXPECT_GT(report.bytes(), 0U);
  EXPECT_EQ(store_->manifests().at(1)->subtasks.size(), 2U);
}

TEST_F(Coordinator, TwoAreUnderWayAndEndInOrder) {
  Start(2, Settings(2));
  Pass(10);
  Pass(10);
  Pass(10);
  EXPECT_EQ(mails_[0].triggered, 2) << "a third has to wait";
  Snapshot(0, 1, 1);
  Snapshot(0, 2, 1);
  Write();
  EXPECT_EQ(history_.completed, 0U);
  Snapshot(1, 1, 1);
  Snapshot(1, 2, 1);
  Write();
  EXPECT_EQ(history_.completed, 2U);
  EXPECT_EQ(mails_[0].complete, 2);
  EXPECT_EQ(store_->manifests().at(2)->vertices[0].tasks[0].size(), 2U)
      << "1 and what it builds on";
}

TEST_F(Coordinator, OneThatFailsFirstIsToldWhenTheOlderHasEnded) {
  Start(1, Settings(2));
  Pass(10);
  Pass(10);
  uploads_->OnDeclined({0, 0}, 2, "no");
  Pass(0);
  EXPECT_EQ(history_.failed, 1U);
  EXPECT_EQ(mails_[0].aborted, 0) << "else the task would give up checkpoint 1, too";
  Snapshot(0, 1, 1);
  Write();
  EXPECT_EQ(mails_[0].complete, 1);
  EXPECT_EQ(mails_[0].aborted, 2);
}

TEST_F(Coordinator, ATimeoutFailsTheOneAndNotTheOther) {
  Start(1, Settings(2));
  Pass(10);
  Pass(80);
  EXPECT_EQ(mails_[0].triggered, 2);
  Pass(20);
  ASSERT_EQ(history_.failures.size(), 1U);
  EXPECT_EQ(history_.failures[0].failure,
            "timed out, 1 of 1 tasks had not acknowledged it (vertex/subtask 0/0)");
  EXPECT_EQ(mails_[0].aborted, 1);
  Snapshot(0, 2, 2);
  Write();
  EXPECT_EQ(mails_[0].complete, 2);
}

TEST_F(Coordinator, WithAPauseThereIsOneAtATime) {
  CheckpointSettings settings = Settings(2);
  settings.pause_nanos = 50 * kMillis;
  Start(1, settings);
  Pass(10);
  Pass(10);
  EXPECT_EQ(mails_[0].triggered, 1);
  Snapshot(0, 1, 1);
  Write();
  Pass(49);
  EXPECT_EQ(mails_[0].triggered, 1);
  Pass(1);
  EXPECT_EQ(mails_[0].triggered, 2);
}

TEST_F(Coordinator, TooManyFailuresInARowFailTheJob) {
  CheckpointSettings settings = Settings(1);
  settings.tolerable_failures = 1;
  Start(1, settings);
  Pass(10);
  uploads_->OnDeclined({0, 0}, 1, "first");
  Pass(10);
  EXPECT_EQ(coordinator_->failure(), "");
  uploads_->OnDeclined({0, 0}, 2, "second");
  Pass(0);
  EXPECT_EQ(coordinator_->failure(), "checkpoint 2 failed: vertex 0, subtask 0: second");
  EXPECT_EQ(coordinator_->next_wake(), INT64_MAX);
}

TEST_F(Coordinator, WhatBuildsOnALostFileIsDeclinedUntilATaskHasWrittenAll) {
  Start(1, Settings(2));
  Pass(10);
  Pass(10);
  files_.FailWhere([](const std::string& operation, const std::string& path) {
    return operation == "sync" && path.ends_with("c1.snapshot")
               ? Status(StatusCode::kResourceExhausted, "sync: no space")
               : Status::Ok();
  });
  Snapshot(0, 1, 1);
  Snapshot(0, 2, 1);
  Write();
  EXPECT_EQ(history_.failed, 2U);
  EXPECT_EQ(mails_[0].lost, 1);
  Pass(10);
  Snapshot(0, 3, 3);
  Write();
  EXPECT_EQ(mails_[0].complete, 3);
}

TEST_F(Coordinator, WhatIsGivenUpIsDroppedAndTheNextIsWhole) {
  Start(1, Settings(1));
  Pass(10);
  Snapshot(0, 1, 1);
  EXPECT_GT(uploads_->waiting(), 0);
  Pass(100);
  EXPECT_EQ(mails_[0].aborted, 1);
  EXPECT_EQ(uploads_->waiting(), 0);
  EXPECT_EQ(mails_[0].triggered, 2);
  Snapshot(0, 2, 2);  // its file says that 1 is lost
  Write();
  EXPECT_EQ(mails_[0].lost, 0) << "it would be whole once more";
  EXPECT_EQ(history_.failed, 1U);
  EXPECT_EQ(mails_[0].complete, 2);
  EXPECT_EQ(store_->manifests().at(2)->vertices[0].tasks[0].size(), 1U);
}

TEST_F(Coordinator, EveryOrderOfWritesAndFailuresEndsEachCheckpointOnce) {
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    coordinator_.reset();
    uploads_.reset();
    store_.reset();
    mails_.clear();
    history_ = {};
    files_.Crash();
    const int tasks = 1 + static_cast<int>(random.Uniform(3));
    Start(tasks, Settings(2));
    const std::int64_t before = store_->newest();
    files_.FailWhere([&](const std::string& operation, const std::string&) {
      return operation != "lock" && random.Chance(0.02)
                 ? Status(StatusCode::kUnavailable, operation + ": as drawn")
                 : Status::Ok();
    });
    std::map<int, std::int64_t> seen, lost;
    for (int turn = 0; turn < 300; ++turn) {
      const int task = static_cast<int>(random.Uniform(static_cast<std::uint64_t>(tasks)));
      CheckpointMail& mail = mails_[task];
      std::int64_t& at = seen[task];
      at = std::max(at, std::min<std::int64_t>(mail.aborted, mail.triggered));
      if (at < mail.triggered && random.Chance(0.5)) {
        const bool whole = mail.lost > lost[task];
        lost[task] = std::max<std::int64_t>(lost[task], mail.lost);
        ++at;
        Snapshot(task, at, whole ? at : 1);
      }
      if (random.Chance(0.7)) uploads_->RunOne();
      if (random.Chance(0.3)) Pass(static_cast<std::int64_t>(random.Uniform(20)));
      ASSERT_LE(coordinator_->pending(), 2U);
      for (int i = 0; i < tasks; ++i) {
        ASSERT_LE(mails_[i].complete, mails_[i].triggered);
        ASSERT_EQ(mails_[i].complete, mails_[0].complete);
      }
    }
    files_.FailWhere(nullptr);
    EXPECT_EQ(history_.completed + history_.failed + coordinator_->pending(),
              static_cast<std::uint64_t>(mails_[0].triggered));
    EXPECT_GE(store_->newest(), before);
  }
}

// --- tasks that are started again while others run on

TEST_F(Coordinator, WhileSuspendedNoneBeginsAndWhatIsGivenUpIsNoFailureOfTheJob) {
  CheckpointSettings settings = Settings(2);
  settings.tolerable_failures = 0;
  Start(2, settings);
  Pass(10);
  Pass(10);
  coordinator_->Suspend("tasks are started again");
  EXPECT_EQ(coordinator_->failure(), "");
  EXPECT_EQ(coordinator_->pending(), 0U);
  EXPECT_EQ(mails_[1].aborted, 2);
  EXPECT_EQ(history_.failures.back().failure, "tasks are started again");
  Pass(500);
  EXPECT_FALSE(coordinator_->Trigger());
  EXPECT_EQ(mails_[1].triggered, 2);
  EXPECT_EQ(coordinator_->next_wake(), INT64_MAX);
  coordinator_->Resume();
  Pass(0);
  EXPECT_EQ(mails_[1].triggered, 3);
}

TEST_F(Coordinator, OneWhoseManifestIsBeingWrittenIsNotGivenUp) {
  Start(1, Settings(2));
  Pass(10);
  Pass(10);
  Snapshot(0, 1, 1);
  while (uploads_->RunOne()) {
  }
  coordinator_->Step();  // all have acknowledged 1
  EXPECT_FALSE(uploads_->ManifestsAtRest());
  coordinator_->Suspend("tasks are started again");
  EXPECT_EQ(coordinator_->pending(), 1U);
  EXPECT_EQ(mails_[0].aborted, 0) << "2 is younger than one that is under way";
  Write();
  EXPECT_TRUE(uploads_->ManifestsAtRest());
  EXPECT_EQ(coordinator_->pending(), 0U);
  EXPECT_EQ(mails_[0].complete, 1);
  EXPECT_EQ(mails_[0].aborted, 2);
}

TEST_F(Coordinator, ATaskThatIsStartedAgainGoesOnWithItsChainAndNotWithWhatItsPredecessorWrote) {
  Start(2, Settings(1));
  Pass(10);
  Snapshot(0, 1, 1);
  Snapshot(1, 1, 1);
  Write();
  Pass(10);
  Snapshot(0, 2, 1);
  Snapshot(1, 2, 1);  // is written when nobody waits for it any more
  coordinator_->Suspend("tasks are started again");
  coordinator_->StartAgain({0, 0}, store_->manifests().at(1)->vertices[0].tasks[0]);
  Write();
  coordinator_->Resume();
  Pass(10);
  Snapshot(0, 3, 1);
  Snapshot(1, 3, 1);
  Write();
  ASSERT_EQ(mails_[0].complete, 3);
  const auto ids = [&](int task) {
    std::string text;
    const auto& tasks = store_->manifests().at(3)->vertices[0].tasks;
    for (const Manifest::File& file : tasks[static_cast<std::size_t>(task)])
      text += std::to_string(file.checkpoint) + " ";
    return text;
  };
  EXPECT_EQ(ids(0), "1 3 ");
  EXPECT_EQ(ids(1), "1 2 3 ") << "it ran on";
}

TEST_F(Coordinator, WhatAPredecessorWroteInTimeIsInNoChainOfWhoCameBehindIt) {
  Start(2, Settings(1));
  Pass(10);
  Snapshot(0, 1, 1);
  Snapshot(1, 1, 1);
  Write();
  Pass(10);
  Snapshot(0, 2, 1);
  Write();  // the other has not acknowledged it
  coordinator_->Suspend("tasks are started again");
  coordinator_->StartAgain({0, 0}, store_->manifests().at(1)->vertices[0].tasks[0]);
  coordinator_->Resume();
  Pass(10);
  Snapshot(0, 3, 1);
  Snapshot(1, 3, 1);
  Write();
  const Manifest::Chain& chain = store_->manifests().at(3)->vertices[0].tasks[0];
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[0].checkpoint, 1);
  EXPECT_EQ(chain[1].checkpoint, 3);
}

TEST_F(Coordinator, AFileThatAPredecessorHasLostIsNoLossOfWhoCameBehindIt) {
  Start(1, Settings(1));
  Pass(10);
  files_.FailWhere([](const std::string&, const std::string& path) {
    return path.ends_with("c1.snapshot") ? Status(StatusCode::kUnavailable, "no") : Status::Ok();
  });
  Snapshot(0, 1, 1);
  coordinator_->Suspend("tasks are started again");
  coordinator_->StartAgain({0, 0}, {});
  Write();
  EXPECT_EQ(mails_[0].lost, 0);
  coordinator_->Resume();
  Pass(10);
  Snapshot(0, 2, 2);
  Write();
  EXPECT_EQ(mails_[0].complete, 2);
}

TEST_F(Coordinator, TheLastCheckpointIsTakenAnewWhenATaskThatHadEndedIsStartedAgain) {
  Start(2, Settings(1));
  uploads_->OnEnded({0, 0});
  uploads_->OnEnded({0, 1});
  Pass(0);
  EXPECT_EQ(mails_[0].last, 1);
  coordinator_->Suspend("tasks are started again");
  EXPECT_EQ(mails_[0].last, 0) << "the next one that is complete is not the last";
  coordinator_->StartAgain({0, 1}, {});
  coordinator_->Resume();
  Pass(10);
  Snapshot(0, 2, 2);
  Snapshot(1, 2, 2);
  Write();
  EXPECT_EQ(mails_[0].complete, 2);
  EXPECT_EQ(mails_[0].last, 0);
  EXPECT_FALSE(coordinator_->finished());
  uploads_->OnEnded({0, 1});
  Pass(0);
  EXPECT_EQ(mails_[0].last, 3);
}

}  // namespace
}  // namespace millrace
