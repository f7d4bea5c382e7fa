#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/symbolizer.h"

namespace millrace {

/// What a worker process has said about itself through its report pipe, the last thing in it a crash.
struct CrashReport {
  bool started = false;  // its job began
  int signal = 0;        // 0: no crash
  std::string task;      // empty: not in a task's step
  std::string op;
  int subtask = 0;
  std::vector<std::uintptr_t>
      frames;  // innermost first; return addresses are one back, inside the call
  std::vector<LoadedModule> modules;
};

/// From now on a crash of this process (SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL) is written to `fd`, a pipe: the running
/// step, then the raw stack. The process still ends by the signal. Says first which modules it has, and that it started.
void ReportCrashesTo(int fd);

/// A stack for the handler, without which the overflow of a thread's own stack can't be reported. One per thread, while it
/// lives; nothing where no crashes are reported.
class CrashStack {
 public:
  CrashStack();
  ~CrashStack();
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  std::unique_ptr<char[]> stack_;
};

/// All that a process has written to the pipe; call it when the process has ended.
CrashReport ReadCrashReport(int fd);
/// "SIGSEGV (Segmentation fault)".
std::string SignalName(int signal);

}  // namespace millrace
