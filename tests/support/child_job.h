#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

extern char** environ;

namespace millrace {

/// A job as a person starts it: a process with arguments and a MODE; what it prints and says is kept.
class ChildJob {
 public:
  struct Setting {
    std::string out;                       // a file instead of the pipe, e.g. /dev/full
    std::vector<std::string> environment;  // "NAME=value"
  };
  ChildJob(std::string program, const std::string& mode, std::vector<std::string> arguments,
           Setting setting = {}) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) std::abort();
    setting.environment.push_back("MODE=" + mode);
    std::vector<char*> argv{program.data()}, env;
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    for (std::string& e : setting.environment) env.push_back(e.data());
    for (char** e = environ; *e != nullptr; ++e) env.push_back(*e);
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (setting.out.empty()) {
      posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    } else {
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, setting.out.c_str(), O_WRONLY, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), env.data()) != 0)
      std::abort();
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  ~ChildJob() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
    close(err_);
  }
  ChildJob(const ChildJob&) = delete;
  ChildJob& operator=(const ChildJob&) = delete;

  void Signal(int number) { kill(pid_, number); }
  /// Its own child processes.
  std::vector<pid_t> Children() const {
    const std::string pid = std::to_string(pid_);
    std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return children;
  }
  /// True when it comes to its end in this time. What it prints and says is read meanwhile: a full pipe would hold it up.
  bool EndsWithin(int millis) {
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(millis);
    pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}, {process, POLLIN, 0}};
    bool ends = false;
    for (int left = millis; !ends && left >= 0; left = MillisUntil(deadline)) {
      if (poll(fds, 3, left) <= 0) break;
      Take(fds);
      ends = fds[2].revents != 0;
    }
    close(process);
    return ends;
  }
  bool Says(const std::string& text) {
    Read(text);
    return said_.find(text) != std::string::npos;
  }
  /// Exit code, or minus the signal. One that does not end is killed.
  int End() {
    Read("\1never");
    if (!closed_) kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  const std::string& printed() const { return printed_; }
  const std::string& said() const { return said_; }

 private:
  /// Until `text` was said, both pipes are closed, or a minute has passed.
  void Read(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    pollfd fds[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    while ((fds[0].fd >= 0 || fds[1].fd >= 0) && said_.find(text) == std::string::npos) {
      const int left = MillisUntil(deadline);
      if (left <= 0 || poll(fds, 2, left) < 0) return;
      Take(fds);
    }
    closed_ = fds[0].fd < 0 && fds[1].fd < 0;
  }
  static int MillisUntil(std::chrono::steady_clock::time_point when) {
    return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                when - std::chrono::steady_clock::now())
                                .count());
  }
  /// What the two pipes have; one that is closed is not asked again.
  void Take(pollfd* fds) {
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char bytes[4096];
      const ssize_t n = read(fds[i].fd, bytes, sizeof(bytes));
      if (n > 0) (i == 0 ? printed_ : said_).append(bytes, static_cast<std::size_t>(n));
      if (n <= 0) fds[i].fd = -1;
    }
  }
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  bool closed_ = false;
  std::string printed_, said_;
};

}  // namespace millrace
