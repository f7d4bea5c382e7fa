#include "runtime/workers/worker_order.h"

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <sstream>

namespace millrace {

std::string WorkerOrder::Text() const {
  std::ostringstream out;
  out << report_fd << ' ' << parent << ' ' << job << ' ' << plan_hash << ' ' << worker << ' '
      << workers << ' ' << control_fd;
  for (const int fd : peers) out << ' ' << fd;
  return out.str();
}

std::optional<WorkerOrder> WorkerOrder::Parse(const char* text) {
  if (text == nullptr) return std::nullopt;
  WorkerOrder o;
  std::istringstream in(text);
  if (!(in >> o.report_fd >> o.parent >> o.job >> o.plan_hash >> o.worker >> o.workers >>
        o.control_fd))
    return std::nullopt;
  for (int fd = -1; in >> fd;) o.peers.push_back(fd);
  return o;
}

const std::optional<WorkerOrder>& ThisWorkersOrder() {
  static const std::optional<WorkerOrder> order = []() -> std::optional<WorkerOrder> {
    auto o = WorkerOrder::Parse(std::getenv("MILLRACE_WORKER"));
    // A child of a worker inherits the line; it is not meant.
    return o.has_value() && o->parent == getppid() ? o : std::nullopt;
  }();
  return order;
}

std::uint64_t PlanHash(std::string_view plan) {
  return std::hash<std::string_view>()(plan);
}

}  // namespace millrace
