#pragma once

#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <thread>

#include "runtime/local/deployment.h"
#include "runtime/local/step_watch.h"
#include "runtime/local/supervised.h"

namespace millrace {

/// Watches over a job that a person has started: a thread beside the slots that waits for signals and looks around a
/// few times a second. It says on stderr
///   - at SIGINT (Ctrl-C) or SIGTERM: that the job is being ended; at the second one which task is stuck, and exits;
///   - when a step of a task has lasted for more than 100 ms (step_watch.h): which one, where it is, once per step;
///   - on a terminal: what the sources have read, once a second.
/// The signals are blocked in the calling thread and those it starts, from construction to destruction.
class Supervisor {
 public:
  /// With a `parent`, only its signals count: a terminal sends Ctrl-C to a worker as well as to the process that watches it.
  /// `of` a job in several workers: its master asks for the end by other means, so that a signal from it is the second one; and
  /// it has the terminal.
  enum class Of { kJob, kPart };
  explicit Supervisor(Supervised* job, std::optional<int> parent = std::nullopt, Of of = Of::kJob);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// After the job has ended: no more lines. The signal that ended it, or 0.
  int Finish();

 private:
  void Run();
  void OnSignal(int number);
  void LookAround(std::int64_t now);
  void LookAt(Deployment& deployment, std::int64_t now);
  void WarnOfStep(const Slot& slot, const Task& task, std::int64_t since);
  void ShowProgress(Deployment& deployment, std::int64_t now);

  Supervised* job_;
  const std::optional<int> parent_;
  const Of of_;
  const bool terminal_;
  const std::int64_t began_;
  sigset_t signals_{};
  sigset_t before_{};
  int signal_fd_ = -1;
  int done_fd_ = -1;
  int signal_ = 0;
  std::map<const Slot*, StepWatch> watches_;
  std::int64_t shown_at_ = 0;
  std::uint64_t shown_rows_ = 0;
  std::thread thread_;  // last: it uses what stands above
};

}  // namespace millrace
