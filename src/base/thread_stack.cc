#include "src/base/thread_stack.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace millrace {
namespace {

constexpr std::uint32_t kFrames = 64;

// One request at a time. The handler takes it by moving kAsked to kWriting; what it has not taken when the asker's
// patience ends is taken back, and a signal that comes after that finds nothing to do.
enum State : std::uint32_t { kFree, kAsked, kWriting, kDone };
std::atomic<std::uint32_t> state{kFree};
std::atomic<pid_t> asked_thread{0};
std::uintptr_t frames[kFrames];
std::uint32_t frame_count = 0;
int done_fd = -1;

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void*) {
  int before = 0;
  const std::uintptr_t ip = _Unwind_GetIPInfo(context, &before);
  if (ip == 0 || frame_count == kFrames) return _URC_END_OF_STACK;
  if (before != 0) frame_count = 0;  // the signal's frame: what is above it is this handler
  frames[frame_count++] = before != 0 ? ip : ip - 1;
  return _URC_NO_REASON;
}

_Unwind_Reason_Code NoFrame(_Unwind_Context*, void*) {
  return _URC_END_OF_STACK;
}

// On the thread that is asked; between any two of its instructions.
void OnSignal(int) {
  const int error = errno;
  std::uint32_t expected = kAsked;
  if (asked_thread.load() == ThisThread() && state.compare_exchange_strong(expected, kWriting)) {
    frame_count = 0;
    _Unwind_Backtrace(&OnFrame, nullptr);
    state.store(kDone);
    const std::uint64_t one = 1;
    (void)!write(done_fd, &one, sizeof(one));
  }
  errno = error;
}

bool Install() {
  struct sigaction old{};
  if (sigaction(SIGURG, nullptr, &old) != 0) return false;
  const bool default_action =
      (old.sa_flags & SA_SIGINFO) == 0 && (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN);
  done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (!default_action || done_fd < 0) return false;
  _Unwind_Backtrace(&NoFrame, nullptr);  // the first call may allocate
  struct sigaction action{};
  action.sa_handler = &OnSignal;
  action.sa_flags = SA_RESTART;  // most of what was interrupted goes on by itself
  sigemptyset(&action.sa_mask);
  return sigaction(SIGURG, &action, nullptr) == 0;
}

void AwaitDone(int timeout_millis) {
  pollfd p{done_fd, POLLIN, 0};
  if (poll(&p, 1, timeout_millis) <= 0) return;
  std::uint64_t count = 0;
  (void)!read(done_fd, &count, sizeof(count));
}

}  // namespace

pid_t ThisThread() {
  return static_cast<pid_t>(syscall(SYS_gettid));
}

std::vector<std::uintptr_t> StackOfThread(pid_t thread, int timeout_millis) {
  static const bool installed = Install();
  std::vector<std::uintptr_t> stack;
  if (!installed) return stack;
  asked_thread.store(thread);
  state.store(kAsked);
  if (syscall(SYS_tgkill, getpid(), thread, SIGURG) == 0) AwaitDone(timeout_millis);
  std::uint32_t expected = kAsked;
  if (!state.compare_exchange_strong(expected, kFree)) {
    while (state.load() != kDone) AwaitDone(timeout_millis);  // it is writing: soon
    stack.assign(frames, frames + frame_count);
    std::uint64_t count = 0;  // the message may have come after the patience ended
    (void)!read(done_fd, &count, sizeof(count));
    state.store(kFree);
  }
  return stack;
}

ThreadState StateOfThread(pid_t thread) {
  ThreadState result;
  // A thread's processor clock, as clock_getcpuclockid makes it of an id (Linux: MAKE_THREAD_CPUCLOCK).
  constexpr int kSchedClock = 2, kPerThread = 4;
  const auto clock =
      static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3) | kSchedClock | kPerThread);
  timespec used{};
  if (clock_gettime(clock, &used) == 0)
    result.cpu_nanos = std::int64_t{used.tv_sec} * 1000000000 + used.tv_nsec;
  char path[64], text[512];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/stat", static_cast<int>(thread));
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return result;
  const ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (n <= 0) return result;
  text[n] = 0;
  // "pid (name) S ...": a name may have parentheses of its own.
  const char* end = std::strrchr(text, ')');
  if (end != nullptr && end[1] == ' ') result.state = end[2];
  return result;
}

}  // namespace millrace
