#include "runtime/local/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "millrace/base/log.h"
#include "src/base/symbolizer.h"
#include "src/base/thread_stack.h"

namespace millrace {
namespace {

constexpr int kLookMillis = 20;
constexpr std::int64_t kSecond = 1000000000;
constexpr int kSignalled = 128;  // exit code: 128 + signal, as shells have it

std::string Name(const Task& task) {
  return "operator '" + std::string(task.running().op.load(std::memory_order_relaxed)) +
         "', subtask " + std::to_string(task.subtask()) + ",";
}

}  // namespace

Supervisor::Supervisor(Supervised* job, std::optional<int> parent, Of of)
    : job_(job),
      parent_(parent),
      of_(of),
      terminal_(isatty(STDERR_FILENO) == 1),
      began_(SystemClock::Get().NowNanos()) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  signal_fd_ = signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
  done_fd_ = eventfd(0, EFD_CLOEXEC);
  if (signal_fd_ >= 0 && done_fd_ >= 0) thread_ = std::thread([this] { Run(); });
}

Supervisor::~Supervisor() {
  Finish();
}

int Supervisor::Finish() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    if (write(done_fd_, &one, sizeof(one)) != sizeof(one))
      std::fputs("millrace: eventfd refuses a write\n", stderr);
    thread_.join();
  }
  if (signal_fd_ >= 0) close(signal_fd_);
  if (done_fd_ >= 0) close(done_fd_);
  if (signal_fd_ >= 0 || done_fd_ >= 0) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  signal_fd_ = done_fd_ = -1;
  return signal_;
}

void Supervisor::Run() {
  for (;;) {
    pollfd fds[] = {{signal_fd_, POLLIN, 0}, {done_fd_, POLLIN, 0}};
    if (poll(fds, 2, kLookMillis) < 0) continue;
    if (fds[1].revents != 0) break;
    signalfd_siginfo info{};
    if (fds[0].revents != 0 && read(signal_fd_, &info, sizeof(info)) == sizeof(info)) {
      if (!parent_ || static_cast<int>(info.ssi_pid) == *parent_)
        OnSignal(static_cast<int>(info.ssi_signo));
    }
    LookAround(SystemClock::Get().NowNanos());
  }
  if (internal::terminal_line_open.exchange(false)) std::fputs("\r\033[K", stderr);
}

void Supervisor::OnSignal(int number) {
  if (internal::terminal_line_open.exchange(false)) std::fputc('\n', stderr);
  if (signal_ == 0 && of_ == Of::kJob) {
    signal_ = number;
    std::fprintf(stderr, "%s: ending the job; once more ends it at once\n", strsignal(number));
    job_->Cancel();
    return;
  }
  const std::int64_t now = SystemClock::Get().NowNanos();
  job_->Look([now](Deployment& deployment) {
    for (const Slot& slot : deployment.slots()) {
      const std::int64_t since = slot.step_began();
      const Task* task = slot.stepping();
      if (since == 0 || task == nullptr) continue;
      std::fprintf(stderr, "ended at once: %s has been in user code for %.1f s\n",
                   Name(*task).c_str(), static_cast<double>(now - since) / 1e9);
    }
  });
  _exit(kSignalled + number);
}

void Supervisor::LookAround(std::int64_t now) {
  job_->Look([this, now](Deployment& deployment) { LookAt(deployment, now); });
}

void Supervisor::LookAt(Deployment& deployment, std::int64_t now) {
  for (const Slot& slot : deployment.slots()) {
    const std::int64_t since = slot.step_began();
    const Task* task = slot.stepping();
    const pid_t thread = slot.thread();
    if (thread == 0) continue;
    StepWatch::Look look{now, task == nullptr ? 0 : since};
    // Most steps take microseconds: about those nobody asks the kernel.
    if (look.step_began != 0 && now - since > StepWatch::kLimitNanos / 5) {
      const ThreadState state = StateOfThread(thread);
      look.cpu = state.cpu_nanos;
      look.blocked = state.state == 'S' || state.state == 'D';
    } else {
      look.step_began = 0;
    }
    if (watches_[&slot].OnLook(look)) WarnOfStep(slot, *task, since);
  }
  if (terminal_ && of_ == Of::kJob && signal_ == 0 && now - std::max(shown_at_, began_) >= kSecond)
    ShowProgress(deployment, now);
}

void Supervisor::WarnOfStep(const Slot& slot, const Task& task, std::int64_t since) {
  constexpr int kPatienceMillis = 200;
  constexpr std::size_t kMostLines = 24;  // the user's code stands in the innermost frames
  const std::string name = Name(task);
  std::vector<std::uintptr_t> stack = StackOfThread(slot.thread(), kPatienceMillis);
  if (slot.step_began() != since) stack.clear();  // it has come to its end just now
  std::string text = "warning: " + name + " has been in one step for " +
                     std::to_string((SystemClock::Get().NowNanos() - since) / 1000000) +
                     " ms; nothing else of its slot runs meanwhile (a step of user code should "
                     "take milliseconds)\n";
  std::size_t depth = 0, lines = 0;
  for (const std::uintptr_t frame : stack) {
    if (lines >= kMostLines) break;
    for (const std::string& line : Symbolize(frame)) {
      text += "  #" + std::to_string(depth) + " " + line + "\n";
      ++lines;
    }
    ++depth;
  }
  if (internal::terminal_line_open.exchange(false)) std::fputc('\n', stderr);
  std::fputs(text.c_str(), stderr);
}

void Supervisor::ShowProgress(Deployment& deployment, std::int64_t now) {
  std::uint64_t rows = 0;
  for (const PlanOperator& op : deployment.plan().operators) {
    if (op.kind != NodeKind::kSource) continue;
    for (int s = 0; s < op.parallelism; ++s) rows += deployment.counters(op.id, s).in.value();
  }
  if (rows < shown_rows_) shown_rows_ = 0;  // the job was started again
  const std::int64_t since = shown_at_ == 0 ? began_ : shown_at_;
  std::fprintf(stderr, "\r\033[K%s: %.0f s, %llu records read, %.0f a second",
               deployment.plan().job_name.c_str(), static_cast<double>(now - began_) / 1e9,
               static_cast<unsigned long long>(rows),
               static_cast<double>(rows - shown_rows_) * 1e9 / static_cast<double>(now - since));
  shown_at_ = now;
  shown_rows_ = rows;
  internal::terminal_line_open = true;
}

}  // namespace millrace
