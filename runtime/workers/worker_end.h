#pragma once

#include "millrace/base/status.h"
#include "src/base/crash_report.h"

namespace millrace {

/// How a worker process has ended, from what waitpid says and what the worker itself has reported. OK for a job that has run
/// and said itself how it went, whatever the exit code.
Status DescribeWorkerEnd(int wait_status, const CrashReport& report);

}  // namespace millrace
