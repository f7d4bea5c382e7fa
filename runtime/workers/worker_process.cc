#include "runtime/workers/worker_process.h"

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

extern char** environ;

namespace millrace {
namespace {

constexpr const char* kOrder = "MILLRACE_WORKER=";

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

}  // namespace

WorkerProcess::~WorkerProcess() {
  if (pid_ != 0) {
    Signal(SIGKILL);
    Wait();
  }
  if (pid_fd_ >= 0) close(pid_fd_);
}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pid_fd_, other.pid_fd_);
  return *this;
}

Result<WorkerProcess> WorkerProcess::Start(const std::string& order, const std::vector<int>& kept,
                                           const sigset_t& signals) {
  std::vector<std::string> arguments = OwnArguments();
  std::vector<std::string> environment{kOrder + order};
  for (char** e = environ; *e != nullptr; ++e) {
    if (!std::string_view(*e).starts_with(kOrder)) environment.emplace_back(*e);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : kept)
    posix_spawn_file_actions_adddup2(&actions, fd, fd);  // takes close-on-exec from it
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask(&attributes, &signals);
  std::fflush(nullptr);
  WorkerProcess process;
  const int error = posix_spawn(&process.pid_, "/proc/self/exe", &actions, &attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    process.pid_ = 0;
    return Status::Internal("run the job in a worker process: start /proc/self/exe: " +
                            std::string(std::strerror(error)));
  }
  process.pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, process.pid_, 0));
  if (process.pid_fd_ < 0)
    return Status::Internal("run the job in a worker process: watch over it: " +
                            std::string(std::strerror(errno)));
  return process;
}

void WorkerProcess::Signal(int number) const {
  if (pid_ != 0) kill(pid_, number);
}

int WorkerProcess::Wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return status;
}

}  // namespace millrace
