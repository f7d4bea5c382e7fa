#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "millrace/api/job_runner.h"

namespace millrace {

/// `--isolated`: the job runs in a worker process of the same executable. The worker runs main again up to the same
/// Execute; it is told by its environment which one that is and what its plan looks like. A crash there ends the worker, and
/// this process says which operator it was.

/// What this process was told when it was started as a worker.
struct WorkerOrder {
  int report_fd = -1;
  int parent = 0;
  int job = 0;  // which Execute of main, from 0
  std::uint64_t plan_hash = 0;
};
/// Read once; nothing in a process that a person started.
const std::optional<WorkerOrder>& ThisWorkersOrder();
std::uint64_t PlanHash(std::string_view plan);

/// Starts a worker for the `job`-th Execute, hands Ctrl-C and SIGTERM on to it, and waits. What the job has to say, the
/// worker has said; the result has its exit code, or as status how it died.
JobResult RunInWorker(std::string_view plan, int job);

}  // namespace millrace
