#include "runtime/workers/worker_end.h"

#include <sys/wait.h>

#include <cstdint>
#include <string>

#include "src/base/symbolizer.h"

namespace millrace {
namespace {

Status Death(const CrashReport& report, int number) {
  std::string text = "the worker process died of " + SignalName(number);
  if (report.signal == 0)
    return Status(StatusCode::kAborted,
                  text + ", which nobody in it caught (kill, or out of memory?)");
  if (!report.task.empty())
    text += " in operator '" + report.op + "', subtask " + std::to_string(report.subtask);
  int depth = 0;
  for (const std::uintptr_t frame : report.frames) {
    for (const std::string& line : SymbolizeOther(frame, report.modules))
      text += "\n  #" + std::to_string(depth) + " " + line;
    ++depth;
  }
  return Status(StatusCode::kAborted, text);
}

}  // namespace

Status DescribeWorkerEnd(int wait_status, const CrashReport& report) {
  if (WIFSIGNALED(wait_status)) return Death(report, WTERMSIG(wait_status));
  if (report.started) return Status::Ok();
  return Status(StatusCode::kAborted,
                "the worker process ended with exit code " +
                    std::to_string(WEXITSTATUS(wait_status)) +
                    " before it came to this job: main must do the same each time it runs");
}

}  // namespace millrace
