// --isolated as a person sees it: the job's own words and exit code; after a crash signal, operator, subtask and stack; and
// what log lines of user functions look like.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/child_job.h"

namespace millrace {
namespace {

class Job : public ChildJob {
 public:
  Job(const std::string& mode, std::vector<std::string> arguments)
      : ChildJob(MISBEHAVING_JOB, mode, std::move(arguments)) {}
};

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Isolated, AJobThatWorksPrintsAsEverAndEndsWithZero) {
  Job job("fine", {"--isolated"});
  EXPECT_EQ(job.End(), 0) << job.said();
  EXPECT_EQ(job.printed(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  EXPECT_EQ(job.said(), "");
}

/// Killed with nobody to ask about it yet, as when a job's processes are killed one after the other.
class DeadProcess {
 public:
  DeadProcess() : pid_(fork()) {
    if (pid_ == 0) _exit(0);
    siginfo_t end;
    waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT);
  }
  ~DeadProcess() { waitpid(pid_, nullptr, 0); }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST(Isolated, AWorkerWhoseMasterHasDiedBeforeItBeginsDoesNotBeginTheJobItself) {
  const DeadProcess master;
  for (const char* arguments : {"--isolated", "--workers=2"}) {
    // WorkerOrder::Text: report, parent, job, plan, worker, workers, control, peers
    const std::string order = "MILLRACE_WORKER=2 " + std::to_string(master.pid()) + " 0 0 0 2 2";
    ChildJob worker(MISBEHAVING_JOB, "fine", {arguments}, {"", {order}});
    EXPECT_EQ(worker.End(), 1);
    EXPECT_EQ(worker.printed() + worker.said(), "");
  }
}

TEST(Isolated, AChildOfAWorkerIsAJobOfItsOwn) {
  const std::string order = "MILLRACE_WORKER=2 1 0 0 0 2 2";  // of somebody who lives
  ChildJob job(MISBEHAVING_JOB, "fine", {"--isolated"}, {"", {order}});
  EXPECT_EQ(job.End(), 0) << job.said();
  EXPECT_EQ(job.printed(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST(Isolated, MetricsAndUsageErrorsAreSaidOnce) {
  Job metrics("fine", {"--isolated", "--metrics"});
  EXPECT_EQ(metrics.End(), 0);
  EXPECT_TRUE(Contains(metrics.said(), "peak of charged memory"));
  EXPECT_EQ(metrics.said().find("peak of charged"), metrics.said().rfind("peak of charged"))
      << metrics.said();
  Job usage("fine", {"--isolate"});
  EXPECT_EQ(usage.End(), 2);
  EXPECT_TRUE(Contains(usage.said(), "did you mean --isolated?")) << usage.said();
}

TEST(Isolated, ACrashIsReportedWithOperatorAndStack) {
  struct Case {
    const char* mode;
    const char* signal;
    const char* function;
  };
  for (const Case& c : {Case{"segv", "SIGSEGV (Segmentation fault)", "WriteWhereNothingIs"},
                        {"abort", "SIGABRT (Aborted)", "abort"},
                        {"stack", "SIGSEGV (Segmentation fault)", "Recurse"}}) {
    Job job(c.mode, {"--isolated", "--parallelism", "2"});
    EXPECT_EQ(job.End(), 1);
    EXPECT_TRUE(Contains(job.said(), "job 'misbehaving' failed: the worker process died of " +
                                         std::string(c.signal) + " in operator 'victim', subtask "))
        << job.said();
    EXPECT_TRUE(Contains(job.said(), c.function)) << job.said();
  }
}

TEST(Isolated, AKilledWorkerAndAnExceptionAreToldApart) {
  Job killed("kill", {"--isolated"});
  EXPECT_EQ(killed.End(), 1);
  EXPECT_TRUE(Contains(killed.said(),
                       "the worker process died of SIGKILL (Killed), which nobody in it caught"))
      << killed.said();
  Job thrown("throw", {"--isolated"});
  EXPECT_EQ(thrown.End(), 1);
  EXPECT_TRUE(Contains(thrown.said(),
                       "operator 'victim', subtask 0: std::runtime_error: seven is not wanted"))
      << thrown.said();
}

TEST(Isolated, MainMustDoTheSameTheSecondTime) {
  Job other("other plan", {"--isolated"});
  EXPECT_EQ(other.End(), 2);
  EXPECT_TRUE(
      Contains(other.said(), "main has built another plan in the worker process than before"))
      << other.said();
  Job early("early exit", {"--isolated"});
  EXPECT_EQ(early.End(), 1);
  EXPECT_TRUE(Contains(early.said(), "ended with exit code 3 before it came to this job"))
      << early.said();
  Job collect("collect", {"--isolated"});
  EXPECT_EQ(collect.End(), 1);
  EXPECT_TRUE(Contains(collect.said(), "--isolated goes with Execute")) << collect.said();
}

TEST(Isolated, SeveralJobsOfOneMainEachHaveTheirWorker) {
  Job job("two jobs", {"--isolated"});
  EXPECT_EQ(job.End(), 0) << job.said();
  EXPECT_EQ(job.printed(), "100\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST(Isolated, CtrlCReachesTheWorkerAndASecondOneNamesTheOperator) {
  Job job("hang", {"--isolated"});
  ASSERT_TRUE(job.Says("hanging")) << job.said();
  job.Signal(SIGINT);
  ASSERT_TRUE(job.Says("once more ends it at once")) << job.said();
  job.Signal(SIGINT);
  EXPECT_EQ(job.End(), 130);
  EXPECT_TRUE(Contains(job.said(),
                       "ended at once: operator 'victim', subtask 0, has been in user code for"))
      << job.said();
}

TEST(Workers, AreAsIsolatedAndSayAsMuch) {
  Job fine("fine", {"--workers", "2", "--parallelism", "2", "--metrics"});
  EXPECT_EQ(fine.End(), 0) << fine.said();
  EXPECT_EQ(std::count(fine.printed().begin(), fine.printed().end(), '\n'), 10) << fine.printed();
  EXPECT_TRUE(Contains(fine.said(), "peak of charged memory")) << fine.said();
  Job crash("segv", {"--workers", "2", "--parallelism", "2"});
  EXPECT_EQ(crash.End(), 1);
  EXPECT_TRUE(Contains(crash.said(),
                       " of 2: the worker process died of SIGSEGV (Segmentation "
                       "fault) in operator 'victim', subtask "))
      << crash.said();
  EXPECT_TRUE(Contains(crash.said(), "WriteWhereNothingIs")) << crash.said();
  Job thrown("throw", {"--workers", "2"});
  EXPECT_EQ(thrown.End(), 1);
  EXPECT_TRUE(Contains(thrown.said(),
                       "job 'misbehaving' failed: operator 'victim', subtask 0: "
                       "std::runtime_error: seven is not wanted"))
      << thrown.said();
  Job seeded("fine", {"--workers", "2", "-D", "driver=seeded"});
  EXPECT_EQ(seeded.End(), 2);
  EXPECT_TRUE(Contains(seeded.said(), "worker processes have threads of their own"))
      << seeded.said();
}

// What every attempt would do again is not tried again, checkpoints or not.
TEST(Workers, OfAMainThatDoesNotDoTheSameAreNotStartedAgain) {
  const std::string folder = ::testing::TempDir() + "millrace-workers-" + std::to_string(getpid());
  const std::vector<std::string> arguments = {
      "--workers", "2", "-D", "checkpoint.dir=" + folder, "-D", "checkpoint.interval=1s"};
  Job other("other plan", arguments);
  EXPECT_EQ(other.End(), 1);
  EXPECT_TRUE(
      Contains(other.said(), "main has built another plan in the worker process than before"))
      << other.said();
  EXPECT_FALSE(Contains(other.said(), "restart")) << other.said();
  Job early("early exit", arguments);
  EXPECT_EQ(early.End(), 1);
  EXPECT_TRUE(Contains(early.said(), "ended with exit code 3 before it came to this job"))
      << early.said();
  EXPECT_FALSE(Contains(early.said(), "restart")) << early.said();
  std::filesystem::remove_all(folder);
}

TEST(Workers, ASecondCtrlCNamesTheOperator) {
  Job job("hang", {"--workers", "1"});
  ASSERT_TRUE(job.Says("hanging")) << job.said();
  job.Signal(SIGINT);
  ASSERT_TRUE(job.Says("once more ends it at once")) << job.said();
  job.Signal(SIGINT);
  EXPECT_EQ(job.End(), 130);
  EXPECT_TRUE(Contains(job.said(),
                       "ended at once: operator 'victim', subtask 0, has been in user code for"))
      << job.said();
}

TEST(LogLines, NameTheOperatorAndAreHeldBack) {
  Job job("log", {});
  EXPECT_EQ(job.End(), 0);
  EXPECT_TRUE(Contains(job.said(), "operator 'victim', subtask 0: seven again: 9\n")) << job.said();
  EXPECT_FALSE(Contains(job.said(), "seven again: 10\n")) << job.said();
  EXPECT_FALSE(Contains(job.said(), "not shown"));
  Job quiet("log", {"-D", "log.level=error"});
  EXPECT_EQ(quiet.End(), 0);
  EXPECT_EQ(quiet.said(), "");
}

}  // namespace
}  // namespace millrace
