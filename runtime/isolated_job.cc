#include "runtime/isolated_job.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "src/base/crash_report.h"

extern char** environ;

namespace millrace {
namespace {

constexpr const char* kOrder = "MILLRACE_WORKER";  // "fd parent job hash"

Status Trouble(const std::string& what, int error) {
  return Status(StatusCode::kInternal,
                "run the job in a worker process: " + what + ": " + std::strerror(error));
}

std::vector<std::string> OwnArguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::string> arguments;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\0', at), all.size());
    arguments.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return arguments;
}

/// A null-terminated array of pointers into `texts`.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int Spawn(const std::string& order, int report_fd, const sigset_t& signals, pid_t* pid) {
  std::vector<std::string> arguments = OwnArguments();
  std::vector<std::string> environment{std::string(kOrder) + "=" + order};
  for (char** e = environ; *e != nullptr; ++e) {
    if (!std::string_view(*e).starts_with(std::string(kOrder) + "=")) environment.emplace_back(*e);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, report_fd, report_fd);  // takes close-on-exec from it
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask(&attributes, &signals);
  const int error = posix_spawn(pid, "/proc/self/exe", &actions, &attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

/// Waits for the end of the process; SIGINT and SIGTERM that come meanwhile are handed on.
int WaitAndForward(pid_t pid, int signal_fd) {
  const int pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  for (bool running = pid_fd >= 0; running;) {
    pollfd fds[] = {{pid_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    signalfd_siginfo info{};
    if (fds[1].revents != 0 && read(signal_fd, &info, sizeof(info)) == sizeof(info))
      kill(pid, static_cast<int>(info.ssi_signo));
    running = fds[0].revents == 0;
  }
  if (pid_fd >= 0) close(pid_fd);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Status Death(const CrashReport& report, int number) {
  std::string text = "the worker process died of " + SignalName(number);
  if (report.signal == 0)
    return Status(StatusCode::kAborted,
                  text + ", which nobody in it caught (kill, or out of memory?)");
  if (!report.task.empty())
    text += " in operator '" + report.op + "', subtask " + std::to_string(report.subtask);
  int depth = 0;
  for (const std::uintptr_t frame : report.frames) {
    for (const std::string& line : SymbolizeOther(frame, report.modules))
      text += "\n  #" + std::to_string(depth) + " " + line;
    ++depth;
  }
  return Status(StatusCode::kAborted, text);
}

JobResult Outcome(int status, const CrashReport& report) {
  JobResult result;
  if (WIFSIGNALED(status)) {
    result.status = Death(report, WTERMSIG(status));
  } else if (!report.started) {
    result.status =
        Status(StatusCode::kAborted,
               "the worker process ended with exit code " + std::to_string(WEXITSTATUS(status)) +
                   " before it came to this job: main must do the same each time it runs");
  } else {
    result.worker_exit_code = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace

const std::optional<WorkerOrder>& ThisWorkersOrder() {
  static const std::optional<WorkerOrder> order = []() -> std::optional<WorkerOrder> {
    const char* text = std::getenv(kOrder);
    if (text == nullptr) return std::nullopt;
    WorkerOrder o;
    std::istringstream in(text);
    if (!(in >> o.report_fd >> o.parent >> o.job >> o.plan_hash) || o.parent != getppid())
      return std::nullopt;
    return o;
  }();
  return order;
}

std::uint64_t PlanHash(std::string_view plan) {
  return std::hash<std::string_view>()(plan);
}

JobResult RunInWorker(std::string_view plan, int job) {
  JobResult result;
  int fds[2] = {-1, -1};
  if (pipe2(fds, O_CLOEXEC) != 0) {
    result.status = Trouble("make a pipe", errno);
    return result;
  }
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  const std::string order = std::to_string(fds[1]) + " " + std::to_string(getpid()) + " " +
                            std::to_string(job) + " " + std::to_string(PlanHash(plan));
  std::fflush(nullptr);
  pid_t pid = 0;
  const int error = Spawn(order, fds[1], before, &pid);
  close(fds[1]);
  if (error != 0) {
    result.status = Trouble("start /proc/self/exe", error);
  } else {
    const int status = WaitAndForward(pid, signal_fd);
    result = Outcome(status, ReadCrashReport(fds[0]));
  }
  close(fds[0]);
  if (signal_fd >= 0) close(signal_fd);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result;
}

}  // namespace millrace
