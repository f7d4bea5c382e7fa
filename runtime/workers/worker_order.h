#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What a process is told when it is started as a worker: a line in its environment.
struct WorkerOrder {
  int report_fd = -1;  // a pipe: what it crashes of (src/base/crash_report.h)
  int parent = 0;      // process id
  int job = 0;         // which Execute of main, from 0
  std::uint64_t plan_hash = 0;
  // Of a job in several workers:
  int worker = 0;
  int workers = 1;
  int control_fd = -1;     // its master's stream
  std::vector<int> peers;  // a stream to each worker, by number; -1 for itself

  std::string Text() const;
  static std::optional<WorkerOrder> Parse(const char* text);
};

/// Read once; nothing in a process that a person started. A worker whose parent has died before this was read has its order all
/// the same: taken for no worker, it would begin the whole job anew, beside the one that is started again.
const std::optional<WorkerOrder>& ThisWorkersOrder();
std::uint64_t PlanHash(std::string_view plan);

}  // namespace millrace
