// What a person who started a job sees: Ctrl-C, a second Ctrl-C, warnings of slow steps. Each in a child process.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>

#include "millrace/millrace.h"
#include "src/base/sanitizers.h"
#include "tests/support/memory_file_system.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

/// A child that runs a job; what it prints to stderr comes through a pipe.
class Child {
 public:
  explicit Child(int (*job)(int tell)) {
    int err[2], tell[2];
    if (pipe(err) != 0 || pipe(tell) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(err[1], STDERR_FILENO);
      _exit(job(tell[1]));
    }
    close(err[1]);
    close(tell[1]);
    err_ = err[0];
    tell_ = tell[0];
  }
  ~Child() {
    if (!reaped_) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(err_);
    close(tell_);
  }
  void Signal(int number) { kill(pid_, number); }
  /// Until the job has told that it runs.
  bool Running() { return ReadUntil(tell_, "!", &told_); }
  bool Says(const std::string& text) { return ReadUntil(err_, text, &said_); }
  const std::string& said() const { return said_; }
  int ExitCode() {
    ReadUntil(err_, "\1never", &said_);  // to its end
    int status = 0;
    waitpid(pid_, &status, 0);
    reaped_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  static bool ReadUntil(int fd, const std::string& text, std::string* all) {
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    while (all->find(text) == std::string::npos) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      pollfd p{fd, POLLIN, 0};
      if (left <= 0 || poll(&p, 1, static_cast<int>(left)) <= 0) return false;
      char buffer[1024];
      const ssize_t n = read(fd, buffer, sizeof(buffer));
      if (n <= 0) return all->find(text) != std::string::npos;
      all->append(buffer, static_cast<std::size_t>(n));
    }
    return true;
  }
  pid_t pid_ = 0;
  int err_ = -1, tell_ = -1;
  std::string said_, told_;
  bool reaped_ = false;
};

int Endless(int tell) {
  StreamEnvironment env;
  env.SetParallelism(2);
  auto told = std::make_shared<std::atomic<bool>>(false);
  env.FromSource("numbers", Generate([](std::int64_t i) { return i; }).Rate(1000))
      .Rebalance()
      .SinkTo("out", FunctionSink{[tell, told](std::int64_t) {
                if (!told->exchange(true)) (void)!write(tell, "!", 1);
              }});
  return env.Execute("endless");
}

/// One of two regions fails, and would be started again in an hour.
int FailsForLong(int) {
  MemoryFileSystem files;
  RegisterFileSystem("memory", &files);
  StreamEnvironment env;
  for (const auto& [key, value] :
       {std::pair{"checkpoint.interval", "10ms"}, std::pair{"checkpoint.dir", "memory://chk"},
        std::pair{"restart-strategy.type", "fixed-delay"},
        std::pair{"restart-strategy.fixed-delay.delay", "1h"}})
    env.SetOption(key, value);
  const auto numbers = Generate([](std::int64_t i) { return i; }).Rate(1000);
  env.FromSource("numbers", numbers).SinkTo("out", BlackholeSink{});
  env.FromSource("others", numbers)
      .Map("fails",
           [](std::int64_t n) {
             if (n == 20) throw std::runtime_error("as asked");
             return n;
           })
      .SinkTo("nowhere", BlackholeSink{});
  const int code = env.Execute("fails for long");
  RegisterFileSystem("memory", nullptr);
  return code;
}

volatile bool go = false;  // a loop without side effects would be removed
[[gnu::noinline]] void SpinInUserCode() {
  while (!go) {
  }
}

int Asleep(int tell) {
  StreamEnvironment env;
  env.FromSource("numbers", Generate([](std::int64_t i) { return i; }).Count(1))
      .Map("nap",
           [tell](std::int64_t i) {
             (void)!write(tell, "!", 1);
             int fds[2];
             char byte = 0;
             if (pipe(fds) == 0) (void)!read(fds[0], &byte, 1);  // nobody writes
             return i;
           })
      .SinkTo("out", BlackholeSink{});
  return env.Execute("asleep");
}

int Stuck(int tell) {
  StreamEnvironment env;
  env.FromSource("numbers", Generate([](std::int64_t i) { return i; }).Count(1))
      .Map("spin",
           [tell](std::int64_t i) {
             (void)!write(tell, "!", 1);
             SpinInUserCode();
             return i;
           })
      .SinkTo("out", BlackholeSink{});
  return env.Execute("stuck");
}

TEST(Cancel, CtrlCEndsAJobOfWhichARegionWaitsToBeStartedAgain) {
  Child child(&FailsForLong);
  ASSERT_TRUE(child.Says("restart 1 of region 'others -> fails -> nowhere' (1 of 2 tasks) in 3600"))
      << child.said();
  child.Signal(SIGINT);
  EXPECT_EQ(child.ExitCode(), 128 + SIGINT) << child.said();
}

TEST(Cancel, CtrlCEndsAnEndlessJobInLessThanASecondAndSaysWhatItDid) {
  Child child(&Endless);
  ASSERT_TRUE(child.Running());
  const auto began = Clock::now();
  child.Signal(SIGINT);
  EXPECT_EQ(child.ExitCode(), 130) << child.said();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(1));
  EXPECT_NE(child.said().find("job 'endless' was cancelled"), std::string::npos) << child.said();
  EXPECT_NE(child.said().find("numbers"), std::string::npos) << child.said();
}

TEST(Cancel, TerminationHasItsOwnExitCode) {
  Child child(&Endless);
  ASSERT_TRUE(child.Running());
  child.Signal(SIGTERM);
  EXPECT_EQ(child.ExitCode(), 143) << child.said();
}

TEST(Cancel, ASecondCtrlCNamesTheStuckTask) {
  Child child(&Stuck);
  ASSERT_TRUE(child.Running());
  child.Signal(SIGINT);
  ASSERT_TRUE(child.Says("ending the job")) << child.said() << ", exit code " << child.ExitCode();
  child.Signal(SIGINT);
  EXPECT_EQ(child.ExitCode(), 130);
  EXPECT_NE(child.said().find("ended at once: operator 'numbers"), std::string::npos)
      << child.said();
}

TEST(Cancel, AStepThatTakesLongIsWarnedOfWithItsStack) {
  for (auto job : {&Stuck, &Asleep}) {
    Child child(job);
    ASSERT_TRUE(child.Running());
    EXPECT_TRUE(child.Says("warning: operator 'numbers', subtask 0, has been in one step for"))
        << child.said();
#if !MILLRACE_TSAN  // TSan delivers a signal only when the thread calls something that blocks
    EXPECT_TRUE(child.Says(job == &Stuck ? "SpinInUserCode" : "#0")) << child.said();
#endif
    child.Signal(SIGKILL);
    child.ExitCode();  // all that it has said
    const std::string warning = "has been in one step for";
    EXPECT_EQ(child.said().find(warning), child.said().rfind(warning)) << "once per step";
  }
}

}  // namespace
}  // namespace millrace
