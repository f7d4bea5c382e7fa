// --isolated as a person sees it: the job's own words and exit code; after a crash signal, operator, subtask and stack; and
// what log lines of user functions look like.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

extern char** environ;

namespace millrace {
namespace {

class Job {
 public:
  Job(const std::string& mode, std::vector<std::string> arguments) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) std::abort();
    std::string program = MISBEHAVING_JOB, variable = "MODE=" + mode;
    std::vector<char*> argv{program.data()}, env{variable.data()};
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    for (char** e = environ; *e != nullptr; ++e) env.push_back(*e);
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), env.data()) != 0)
      std::abort();
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  ~Job() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
    close(err_);
  }
  void Signal(int number) { kill(pid_, number); }
  bool Says(const std::string& text) {
    Read(text);
    return said_.find(text) != std::string::npos;
  }
  /// Exit code, or minus the signal.
  int End() {
    Read("\1never");
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  const std::string& printed() const { return printed_; }
  const std::string& said() const { return said_; }

 private:
  /// Until `text` was said, both pipes are closed, or half a minute has passed.
  void Read(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    while ((fds[0].fd >= 0 || fds[1].fd >= 0) && said_.find(text) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                            deadline - std::chrono::steady_clock::now())
                            .count();
      if (left <= 0 || poll(fds, 2, static_cast<int>(left)) < 0) return;
      for (int i = 0; i < 2; ++i) {
        if (fds[i].revents == 0) continue;
        char bytes[4096];
        const ssize_t n = read(fds[i].fd, bytes, sizeof(bytes));
        if (n > 0) (i == 0 ? printed_ : said_).append(bytes, static_cast<std::size_t>(n));
        if (n <= 0) fds[i].fd = -1;
      }
    }
  }
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  std::string printed_, said_;
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
