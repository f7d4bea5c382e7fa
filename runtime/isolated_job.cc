#include "runtime/isolated_job.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "runtime/workers/worker_end.h"
#include "runtime/workers/worker_order.h"
#include "runtime/workers/worker_process.h"

namespace millrace {
namespace {

/// Waits for the end of the process; SIGINT and SIGTERM that come meanwhile are handed on.
int WaitAndForward(WorkerProcess& worker, int signal_fd) {
  for (bool running = true; running;) {
    pollfd fds[] = {{worker.pid_fd(), POLLIN, 0}, {signal_fd, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    signalfd_siginfo info{};
    if (fds[1].revents != 0 && read(signal_fd, &info, sizeof(info)) == sizeof(info))
      worker.Signal(static_cast<int>(info.ssi_signo));
    running = fds[0].revents == 0;
  }
  return worker.Wait();
}

}  // namespace

JobResult RunInWorker(std::string_view plan, int job) {
  JobResult result;
  int fds[2] = {-1, -1};
  if (pipe2(fds, O_CLOEXEC) != 0) {
    result.status = Status::Internal("run the job in a worker process: make a pipe: " +
                                     std::string(std::strerror(errno)));
    return result;
  }
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  WorkerOrder order;
  order.report_fd = fds[1];
  order.parent = getpid();
  order.job = job;
  order.plan_hash = PlanHash(plan);
  auto worker = WorkerProcess::Start(order.Text(), {fds[1]}, before);
  close(fds[1]);
  if (worker.ok()) {
    const int status = WaitAndForward(worker.value(), signal_fd);
    result.status = DescribeWorkerEnd(status, ReadCrashReport(fds[0]));
    if (result.status.ok()) result.worker_exit_code = WEXITSTATUS(status);
  } else {
    result.status = worker.status();
  }
  close(fds[0]);
  if (signal_fd >= 0) close(signal_fd);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result;
}

}  // namespace millrace
