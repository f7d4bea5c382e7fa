#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "millrace/base/status.h"

namespace millrace {

/// A process of this very executable, started with this process's arguments and environment and an order besides.
class WorkerProcess {
 public:
  WorkerProcess() = default;
  /// Kills the process if it still runs, and waits for its end.
  ~WorkerProcess();
  WorkerProcess(WorkerProcess&& other) noexcept { *this = std::move(other); }
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// The worker finds `order` in its environment as MILLRACE_WORKER, and the descriptors `kept` open under their numbers.
  /// It begins with the signal mask `signals`.
  static Result<WorkerProcess> Start(const std::string& order, const std::vector<int>& kept,
                                     const sigset_t& signals);

  pid_t pid() const { return pid_; }
  /// Readable when the process has ended.
  int pid_fd() const { return pid_fd_; }
  void Signal(int number) const;
  /// Waits for its end; what waitpid says of it. Called once.
  int Wait();

 private:
  pid_t pid_ = 0;  // 0: none, or waited for
  int pid_fd_ = -1;
};

}  // namespace millrace
