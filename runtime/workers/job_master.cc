#include "runtime/workers/job_master.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "millrace/base/clock.h"
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
  std::string first_failure;
  for (int attempt = 0;; ++attempt) {
    bool again = options_.recovery != nullptr;
    outcome.restarts = attempt;
    outcome.reports.clear();
    outcome.status = RunOnce(attempt, signals, &outcome, &again);
    if (outcome.status.ok() || outcome.cancelled) return outcome;
    const std::string last = outcome.status.message();
    if (first_failure.empty()) first_failure = last;
    std::optional<std::int64_t> delay;
    if (again) delay = strategy_.OnFailure(SystemClock::Get().NowNanos());
    if (!delay.has_value()) {
      outcome.status = {outcome.status.code(),
                        DescribeGivingUp(last, first_failure, static_cast<std::uint64_t>(attempt),
                                         again ? strategy_.why() : "")};
      return outcome;
    }
    LogRestart(static_cast<std::uint64_t>(attempt) + 1, *delay, "", last);
    if (!WaitToRestart(*delay, signals, &outcome)) return outcome;
  }
}

bool JobMaster::WaitToRestart(std::int64_t nanos, Signals& signals, Outcome* outcome) {
  pollfd fd{signals.fd(), POLLIN, 0};
  const timespec patience{nanos / 1000000000, nanos % 1000000000};
  if (ppoll(&fd, 1, &patience, nullptr) <= 0) return true;
  outcome->signal = signals.Take();
  outcome->cancelled = true;
  outcome->status = Status::Ok();
  return false;
}

Status JobMaster::RunOnce(int number, Signals& signals, Outcome* outcome, bool* again) {
  std::unique_ptr<JobCheckpoints> checkpoints;
  JobAttempt::Options options;
  options.job = options_.job;
  options.plan_hash = PlanHash(plan_bytes_);
  options.workers = options_.workers;
  options.signals = signals.before();
  options.run = options_.run;
  if (options_.recovery != nullptr) {
    auto next = options_.recovery->NextAttempt();
    if (!next.ok()) {
      *again = false;
      return next.status();
    }
    checkpoints = std::move(next).value();
    options.folder = options_.recovery->dir();
    options.local_copy = options_.recovery->local_copy();
    options.run = checkpoints->run();
  }
  JobAttempt attempt(plan_, options, checkpoints.get());
  MILLRACE_RETURN_IF_ERROR(attempt.Start());
  const Status status = attempt.Run(signals.fd(), [&] {
    const int signal = signals.Take();
    if (signal == 0) return;
    if (attempt.cancelled()) {
      attempt.EndAtOnce(signal);
      _exit(128 + signal);  // workers that are left die with this process
    }
    outcome->signal = signal;
    std::fprintf(stderr, "%s: ending the job; once more ends it at once\n", strsignal(signal));
    attempt.Cancel();
  });
  outcome->cancelled = attempt.cancelled();
  outcome->reports = attempt.reports();
  *again &= !attempt.fatal() && (number > 0 || !attempt.began_badly());
  if (!attempt.restoring()) return status;
  return {status.code(), status.message() + options_.recovery->OtherChoices()};
}

}  // namespace millrace
