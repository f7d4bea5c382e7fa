#pragma once

#include <string>

#include "millrace/api/job_runner.h"
#include "runtime/workers/worker_order.h"

namespace millrace {

inline constexpr char kAnotherPlan[] =
    "main has built another plan in the worker process than before: a job's graph, names and "
    "parallelism must not depend on time, chance or the environment";

/// Runs this worker's part of a job whose master waits at the other end of the order's stream. The result is for the worker
/// process alone: the master says how the job has ended.
JobResult RunPart(const std::string& plan, const GraphBuilder& job, const RunOptions& options,
                  const WorkerOrder& order);
/// The master's side: the job in `options.workers` worker processes.
JobResult RunInWorkers(const std::string& plan, int job, const RunOptions& options);

}  // namespace millrace
