#include "src/base/crash_report.h"

#include <fcntl.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>

#include "millrace/base/running_step.h"

namespace millrace {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL};
constexpr std::size_t kStackBytes = 64 * 1024;
constexpr std::size_t kFrames = 64;

// Messages of one size, each a single write to the pipe: never torn.
enum class Kind : std::uint32_t { kStarted = 1, kModule, kCrash, kFrames };
struct Message {
  Kind kind = Kind::kStarted;
  std::int32_t signal = 0;
  std::int32_t subtask = 0;
  std::uint32_t count = 0;
  std::uintptr_t values[kFrames] = {};  // frames; or bias, begin and end of a module
  char name[256] = {};                  // operator; or the module's path
  char task[256] = {};
};
static_assert(sizeof(Message) <= PIPE_BUF);

std::atomic<int> report_fd{-1};
std::atomic_flag crashed = ATOMIC_FLAG_INIT;
Message crash;  // here, not on the handler's stack

void Copy(const char* from,
          char (&to)[256]) {  // strncpy is not on the list of what a handler may call
  std::size_t n = 0;
  for (; n + 1 < sizeof(to) && from[n] != 0; ++n) to[n] = from[n];
  to[n] = 0;
}

void Send(const Message& message) {
  // A full or closed pipe loses the report, not more: the process is ending anyway.
  (void)!write(report_fd.load(std::memory_order_relaxed), &message, sizeof(message));
}

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void*) {
  int before = 0;
  const std::uintptr_t ip = _Unwind_GetIPInfo(context, &before);
  if (ip == 0 || crash.count == kFrames) return _URC_END_OF_STACK;
  if (before != 0) crash.count = 0;  // the signal's frame: what is above it is this handler
  crash.values[crash.count++] = before != 0 ? ip : ip - 1;
  return _URC_NO_REASON;
}

void OnCrash(int number, siginfo_t* info, void*) {
  if (crashed.test_and_set()) {  // another thread is at it
    for (;;) pause();
  }
  crash.kind = Kind::kCrash;
  crash.signal = number;
  if (const RunningStep* step = internal::running_step; step != nullptr) {
    Copy(step->task, crash.task);
    Copy(step->op.load(std::memory_order_relaxed), crash.name);
    crash.subtask = step->subtask;
  }
  Send(crash);
  // Second, for a broken stack may crash or block the unwinder; then the signal's default action ends the process.
  crash.kind = Kind::kFrames;
  _Unwind_Backtrace(&OnFrame, nullptr);
  Send(crash);
  if (info->si_code <= 0) raise(number);  // sent by somebody, so it would not come again by itself
}

_Unwind_Reason_Code NoFrame(_Unwind_Context*, void*) {
  return _URC_END_OF_STACK;
}

}  // namespace

void ReportCrashesTo(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  report_fd.store(fd);
  Message message;
  Send(message);
  message.kind = Kind::kModule;
  for (const LoadedModule& m : LoadedModules()) {
    message.values[0] = m.bias;
    message.values[1] = m.begin;
    message.values[2] = m.end;
    Copy(m.path.c_str(), message.name);
    Send(message);
  }
  _Unwind_Backtrace(&NoFrame, nullptr);  // the first call may allocate
  struct sigaction action{};
  action.sa_sigaction = &OnCrash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (const int number : kSignals) sigaction(number, &action, nullptr);
}

CrashStack::CrashStack() {
  if (report_fd.load() < 0) return;
  stack_ = std::make_unique<char[]>(kStackBytes);
  stack_t stack{};
  stack.ss_sp = stack_.get();
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, nullptr);
}

CrashStack::~CrashStack() {
  if (stack_ == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
}

CrashReport ReadCrashReport(int fd) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  CrashReport report;
  Message m;
  while (read(fd, &m, sizeof(m)) == static_cast<ssize_t>(sizeof(m))) {
    m.name[sizeof(m.name) - 1] = m.task[sizeof(m.task) - 1] = 0;
    switch (m.kind) {
      case Kind::kStarted:
        report.started = true;
        break;
      case Kind::kModule:
        report.modules.push_back({m.name, m.values[0], m.values[1], m.values[2]});
        break;
      case Kind::kFrames:
        report.frames.assign(m.values, m.values + std::min<std::size_t>(m.count, kFrames));
        break;
      case Kind::kCrash:
        report.signal = m.signal;
        report.task = m.task;
        report.op = m.name;
        report.subtask = m.subtask;
        break;
    }
  }
  return report;
}

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return std::string("SIG") + (name != nullptr ? name : std::to_string(signal)) + " (" +
         strsignal(signal) + ")";
}

}  // namespace millrace
