#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// The stack of another thread of this process, innermost frame first: what it is doing at the moment. Addresses for
/// Symbolize. Empty when it does not answer within `timeout_millis`, e.g. because the kernel does not let it run.
///
/// The thread is interrupted by SIGURG and writes its own stack into a buffer. SIGURG, because whatever else a process does
/// must already expect it at any time, and because it does nothing when it comes too late (Go's runtime interrupts its
/// threads by it for the same reasons). A process with a handler of its own for it keeps that one, and gets no stacks.
/// One caller at a time. Not from a signal handler.
std::vector<std::uintptr_t> StackOfThread(pid_t thread, int timeout_millis);

/// What the kernel says about a thread of this process.
struct ThreadState {
  char state = 0;  // R runs or wants to, S sleeps, D waits for a device ...; 0: not known
  std::int64_t cpu_nanos = 0;  // processor time that it has used
};
ThreadState StateOfThread(pid_t thread);

/// This thread's id as the kernel has it.
pid_t ThisThread();

}  // namespace millrace
