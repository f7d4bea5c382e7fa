#pragma once

#include <string_view>

#include "millrace/api/job_runner.h"

namespace millrace {

/// `--isolated`: the job runs in a worker process of the same executable. The worker runs main again up to the same
/// Execute; it is told by its environment which one that is and what its plan looks like. A crash there ends the worker, and
/// this process says which operator it was.

/// Starts a worker for the `job`-th Execute, hands Ctrl-C and SIGTERM on to it, and waits. What the job has to say, the
/// worker has said; the result has its exit code, or as status how it died.
JobResult RunInWorker(std::string_view plan, int job);

}  // namespace millrace
