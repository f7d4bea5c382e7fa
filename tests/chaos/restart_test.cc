// Functions that throw now and then, in jobs that are started again: what is committed in the end is what a run without
// faults gives.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/graph/checkpoint_report.h"
#include "millrace/testing/test_cluster.h"
#include "src/base/sanitizers.h"
#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using testing::TestCluster;

class Restart : public ::testing::Test {
 protected:
  void SetUp() override { RegisterFileSystem("memory", &files_); }
  void TearDown() override { RegisterFileSystem("memory", nullptr); }

  static TestCluster With(TestCluster cluster) {
    return cluster.Option("checkpoint.dir", "memory://chk").Option("checkpoint.interval", "2ms");
  }
  MemoryFileSystem files_;
};

/// The oracle's sink, one row of which throws: each attempt lives longer than the one before it.
class FailingSink {
 public:
  FailingSink(chaos::OracleSink sink, std::atomic<int>* rows_to_failure)
      : sink_(std::move(sink)), rows_to_failure_(rows_to_failure) {}
  class Writer {
   public:
    Writer(chaos::OracleSink::Writer writer, std::atomic<int>* rows_to_failure)
        : writer_(std::move(writer)), rows_to_failure_(rows_to_failure) {}
    void Write(const std::string& row, EventTime time) {
      if (--*rows_to_failure_ == 0) throw std::runtime_error("as asked");
      writer_.Write(row, time);
    }
    std::vector<std::string> PrepareCommit() { return writer_.PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) { writer_.Commit(committables); }

   private:
    chaos::OracleSink::Writer writer_;
    std::atomic<int>* rows_to_failure_;
  };
  Writer CreateWriter(const WriterContext& context) const {
    if (rows_to_failure_->load() <= 0) *rows_to_failure_ = *next_ += 701;
    return {sink_.CreateWriter(context), rows_to_failure_};
  }

 private:
  chaos::OracleSink sink_;
  std::atomic<int>* rows_to_failure_;
  std::shared_ptr<std::atomic<int>> next_ = std::make_shared<std::atomic<int>>(700);
};

std::map<std::string, int> Expected() {
  chaos::Oracle oracle;
  const auto result = TestCluster::Seeded(1).Run([&](StreamEnvironment& env) {
    chaos::Build(env, {}, [&](const std::string&) { return chaos::OracleSink(&oracle); });
  });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

TEST_F(Restart, AJobThatFailsGoesOnFromItsNewestCheckpointAndCommitsEachRowOnce) {
  const auto expected = Expected();
  for (const std::uint64_t seed : test_support::Seeds(1, MILLRACE_ASAN || MILLRACE_TSAN ? 2 : 5)) {
    for (const TestCluster& cluster : TestCluster::BothDrivers(seed)) {
      SCOPED_TRACE(cluster.ToString());
      MemoryFileSystem files(seed);
      RegisterFileSystem("memory", &files);
      chaos::Oracle oracle;
      std::atomic<int> rows_to_failure{500};
      const JobResult result =
          With(cluster)
              .Parallelism(1 + static_cast<int>(seed % 3))
              .Option("restart-strategy.type", "fixed-delay")
              .Option("restart-strategy.fixed-delay.attempts", "100")
              .Option("restart-strategy.fixed-delay.delay", "1ms")
              .Run([&](StreamEnvironment& env) {
                chaos::Build(env, {}, [&](const std::string&) {
                  return FailingSink(chaos::OracleSink(&oracle), &rows_to_failure);
                });
              });
      ASSERT_TRUE(result.status.ok()) << result.status;
      EXPECT_GT(result.restarts, 0U);
      EXPECT_GT(result.checkpoints->completed, 0U);
      EXPECT_EQ(oracle.rows(), expected);
    }
  }
}

/// The oracle's sink, which throws once: at a row behind the first commit, so that there is a checkpoint to go on from.
class FailsBehindACommit {
 public:
  struct State {
    std::atomic<bool> committed{false}, failed{false};
  };
  FailsBehindACommit(chaos::OracleSink sink, State* state)
      : sink_(std::move(sink)), state_(state) {}
  struct Writer {
    chaos::OracleSink::Writer writer;
    State* state;
    void Write(const std::string& row, EventTime time) {
      if (state->committed && !state->failed.exchange(true)) throw std::runtime_error("as asked");
      writer.Write(row, time);
    }
    std::vector<std::string> PrepareCommit() { return writer.PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) {
      writer.Commit(committables);
      state->committed = true;
    }
  };
  Writer CreateWriter(const WriterContext& context) const {
    return {sink_.CreateWriter(context), state_};
  }

 private:
  chaos::OracleSink sink_;
  State* state_;
};

/// The oracle's job, whose snapshots storage does not give back: they are there, and can't be read.
class RestartLocal : public Restart {
 protected:
  void SetUp() override {
    Restart::SetUp();
    RegisterFileSystem("fast", &fast_);
    files_.FailWhere([](const std::string& operation, const std::string& path) {
      const bool read = operation == "open" || operation == "read";
      return read && path.ends_with(".snapshot") ? Status::Unavailable("storage is far away")
                                                 : Status::Ok();
    });
  }
  void TearDown() override {
    RegisterFileSystem("fast", nullptr);
    Restart::TearDown();
  }
  MemoryFileSystem fast_;
};

TEST_F(RestartLocal, AFailureIsRecoveredFromWithoutReadingSnapshotsFromStorage) {
  const auto expected = Expected();
  for (const TestCluster& cluster : TestCluster::BothDrivers(3)) {
    SCOPED_TRACE(cluster.ToString());
    chaos::Oracle oracle;
    FailsBehindACommit::State state;
    const std::string folder = cluster.ToString().find("seeded") == std::string::npos ? "a" : "b";
    const JobResult result =
        With(cluster)
            .Option("checkpoint.dir", "memory://" + folder)
            .Option("checkpoint.local-copy", "fast://copies")
            .Parallelism(2)
            .Option("restart-strategy.type", "fixed-delay")
            .Option("restart-strategy.fixed-delay.attempts", "100")
            .Option("restart-strategy.fixed-delay.delay", "1ms")
            .Run([&](StreamEnvironment& env) {
              chaos::Shape paced;  // there are rows when the first checkpoint is complete
              paced.rate = 10000;
              chaos::Build(env, paced, [&](const std::string&) {
                return FailsBehindACommit(chaos::OracleSink(&oracle), &state);
              });
            });
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.restarts, 1U);
    EXPECT_GT(result.checkpoints->local_files, 0U) << "of the whole job or of a region";
    EXPECT_EQ(result.checkpoints->storage_files, 0U);
    EXPECT_EQ(oracle.rows(), expected);
  }
}

TEST_F(RestartLocal, SoIsTheDeathOfEverythingAndWhatIsDamagedComesFromStorage) {
  const auto job = [](StreamEnvironment& env) {
    env.FromCollection("numbers", std::vector<int>{1, 2, 3})
        .KeyBy([](int n) { return n; })
        .Reduce("sums", [](int a, int b) { return a + b; })
        .SinkTo("out", BlackholeSink{});
  };
  const TestCluster cluster = With(TestCluster::Threads())
                                  .Option("checkpoint.local-copy", "fast://copies")
                                  .Option("checkpoint.pack-below", "0")
                                  .Option("restart-strategy.type", "none");
  ASSERT_TRUE(cluster.Run(job).status.ok());
  const JobResult again = cluster.Restore("memory://chk").Run(job);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again.operators[0].in, 0U) << "all was read before";
  EXPECT_EQ(again.operators[1].state_rows, 3U);
  EXPECT_GT(again.checkpoints->local_files, 0U);
  EXPECT_EQ(again.checkpoints->storage_files, 0U);

  files_.FailWhere(nullptr);
  for (const std::string& path : fast_.paths()) {
    if (!path.ends_with(".snapshot")) continue;
    std::string& bytes = *fast_.Bytes(path);
    if (bytes.size() > 100) bytes[40] = static_cast<char>(bytes[40] ^ 1);  // in its first block
  }
  const JobResult damaged = cluster.Restore("memory://chk").Run(job);
  ASSERT_TRUE(damaged.status.ok()) << damaged.status;
  EXPECT_EQ(damaged.operators[0].in, 0U);
  EXPECT_EQ(damaged.operators[1].state_rows, 3U);
  EXPECT_GT(damaged.checkpoints->storage_files, 0U);

  // One from another folder is only read, and has no copies here.
  const JobResult moved =
      cluster.Option("checkpoint.dir", "memory://two").Restore("memory://chk").Run(job);
  ASSERT_TRUE(moved.status.ok()) << moved.status;
  EXPECT_EQ(moved.operators[1].state_rows, 3U);
  EXPECT_EQ(moved.checkpoints->local_files, 0U);
}

TEST_F(RestartLocal, AJobWhoseCopiesAnotherOneHasGoesWithout) {
  const auto job = [](StreamEnvironment& env) {
    env.FromCollection("numbers", std::vector<int>{1, 2, 3}).SinkTo("out", BlackholeSink{});
  };
  const TestCluster cluster =
      With(TestCluster::Threads()).Option("checkpoint.local-copy", "fast://copies");
  fast_.FailWhere([](const std::string& operation, const std::string&) {
    return operation == "lock" ? Status::AlreadyExists("another job has it") : Status::Ok();
  });
  const JobResult result = cluster.Run(job);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_GT(result.checkpoints->completed, 0U);
  for (const std::string& path : fast_.paths()) ADD_FAILURE() << path << " was written";
}

JobResult RunFailing(const TestCluster& cluster) {
  return cluster.Run([](StreamEnvironment& env) {
    env.FromCollection("numbers", std::vector<int>{1, 2, 3})
        .Map("divide",
             [](int n) {
               if (n == 2) throw std::domain_error("no twos");
               return n;
             })
        .SinkTo("out", BlackholeSink{});
  });
}

TEST_F(Restart, GivesUpWhenTheStrategySaysSo) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    const JobResult result = RunFailing(With(cluster)
                                            .Option("restart-strategy.type", "fixed-delay")
                                            .Option("restart-strategy.fixed-delay.attempts", "2")
                                            .Option("restart-strategy.fixed-delay.delay", "0ms"));
    EXPECT_EQ(result.status.code(), StatusCode::kAborted);
    EXPECT_EQ(result.restarts, 2U);
    EXPECT_EQ(result.status.message(),
              "operator 'numbers', subtask 0: std::domain_error: no twos in step 'divide', record "
              "2 (it was started again 2 times; 2 restarts were allowed "
              "(restart-strategy.fixed-delay.attempts))");
  }
}

TEST_F(Restart, NoneFailsAtOnceAsAJobWithoutCheckpointsDoes) {
  for (const TestCluster& cluster : TestCluster::BothDrivers()) {
    EXPECT_EQ(RunFailing(With(cluster).Option("restart-strategy.type", "none")).restarts, 0U);
    EXPECT_EQ(RunFailing(cluster).restarts, 0U);
  }
}

TEST_F(Restart, WhatIsRestoredFromAnotherFolderStandsInItsOwnFromThenOn) {
  const auto job = [](StreamEnvironment& env) {
    env.FromCollection("numbers", std::vector<int>{1, 2, 3})
        .KeyBy([](int n) { return n; })
        .Reduce("sums", [](int a, int b) { return a + b; })
        .SinkTo("out", BlackholeSink{});
  };
  const TestCluster cluster = TestCluster::Threads().Option("checkpoint.interval", "1s");
  ASSERT_TRUE(cluster.Option("checkpoint.dir", "memory://one").Run(job).status.ok());
  const TestCluster two = cluster.Option("checkpoint.dir", "memory://two");
  ASSERT_TRUE(two.Restore("memory://one").Run(job).status.ok());
  for (const std::string& path : files_.paths()) {
    if (path.starts_with("one/")) ASSERT_TRUE(files_.Remove(path).ok());
  }
  const JobResult result = two.Restore("memory://two").Run(job);
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.operators[0].in, 0U) << "all was read before";
  EXPECT_EQ(result.operators[1].name, "sums");
  EXPECT_EQ(result.operators[1].state_rows, 3U);
}

TEST_F(Restart, ACheckpointThatIsDamagedIsNotTriedAgainAndAgain) {
  const auto job = [](StreamEnvironment& env) {
    env.FromCollection("numbers", std::vector<int>{1, 2, 3})
        .KeyBy([](int n) { return n; })
        .Reduce("sums", [](int a, int b) { return a + b; })
        .SinkTo("out", BlackholeSink{});
  };
  const TestCluster cluster = With(TestCluster::Threads());
  ASSERT_TRUE(cluster.Run(job).status.ok());
  int damaged = 0;
  for (const std::string& path :
       files_.paths()) {  // of one checkpoint, or of two when the run was slow
    if (!path.ends_with(".snapshot")) continue;
    std::string& bytes = *files_.Bytes(path);
    bytes[40] = static_cast<char>(bytes[40] ^ 1);
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  const JobResult result = cluster.Restore("memory://chk").Run(job);
  EXPECT_EQ(result.restarts, 0U);
  EXPECT_NE(result.status.message().find("no other checkpoint in 'chk' is whole"),
            std::string::npos)
      << result.status;
}

}  // namespace
}  // namespace millrace
