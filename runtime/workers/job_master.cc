#include "runtime/workers/job_master.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "millrace/base/log.h"
#include "runtime/workers/job_attempt.h"

namespace millrace {

/// SIGINT and SIGTERM come through a descriptor while it lives.
class JobMaster::Signals {
 public:
  Signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
    fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Signals() {
    if (fd_ >= 0) close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  int fd() const { return fd_; }
  const sigset_t& before() const { return before_; }
  /// The signal that has come; 0: none.
  int Take() {
    signalfd_siginfo info{};
    return read(fd_, &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  int fd_ = -1;
  sigset_t before_{};
};

JobMaster::Outcome JobMaster::Run() {
  Outcome outcome;
  Signals signals;
  int in_a_row = 0;
  for (int attempt = 0;; ++attempt) {
    const std::uint64_t completed = completed_;
    outcome.restarts = attempt;
    outcome.reports.clear();
    outcome.status = RunOnce(attempt, signals, &outcome);
    if (outcome.status.ok() || outcome.cancelled) return outcome;
    in_a_row = completed_ > completed ? 1 : in_a_row + 1;
    if (options_.checkpoints.folder.empty() || in_a_row > options_.restarts) return outcome;
    Log(kWarn, "the job goes on from its newest checkpoint: ", outcome.status.message());
  }
}

Status JobMaster::RunOnce(int number, Signals& signals, Outcome* outcome) {
  std::unique_ptr<JobCheckpoints> checkpoints;
  JobAttempt::Options options;
  options.job = options_.job;
  options.plan_hash = PlanHash(plan_bytes_);
  options.workers = options_.workers;
  options.run =
      options_.run + "-a" + std::to_string(number);  // an attempt never writes into another's files
  options.signals = signals.before();
  if (!options_.checkpoints.folder.empty()) {
    JobCheckpointOptions wanted = options_.checkpoints;
    wanted.run = options.run;
    wanted.job_id = options_.run;
    wanted.resume |= number > 0;
    auto opened = JobCheckpoints::Open(wanted, plan_.job_name);
    if (!opened.ok()) return opened.status();
    checkpoints = std::move(opened).value();
    options.folder = options_.checkpoint_dir;
  }
  JobAttempt attempt(plan_, options, checkpoints.get());
  MILLRACE_RETURN_IF_ERROR(attempt.Start());
  const Status status = attempt.Run(signals.fd(), [&] {
    const int signal = signals.Take();
    if (signal == 0) return;
    if (attempt.cancelled()) {
      std::fprintf(stderr, "ended at once\n");
      _exit(128 + signal);  // the workers die with this process
    }
    outcome->signal = signal;
    std::fprintf(stderr, "%s: ending the job; once more ends it at once\n", strsignal(signal));
    attempt.Cancel();
  });
  outcome->cancelled = attempt.cancelled();
  outcome->reports = attempt.reports();
  if (checkpoints != nullptr) completed_ += checkpoints->coordinator().completed();
  return status;
}

}  // namespace millrace
