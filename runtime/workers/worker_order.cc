#include "runtime/workers/worker_order.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

namespace millrace {
namespace {

/// Also one that nobody has asked about yet.
bool IsDead(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string stat((std::istreambuf_iterator<char>(file)), {});
  const std::size_t state = stat.rfind(')') + 2;  // behind the name, which may have anything in it
  return stat.empty() || state >= stat.size() || stat[state] == 'Z' || stat[state] == 'X';
}

}  // namespace

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
    if (!o.has_value() || o->parent == getppid() || IsDead(o->parent)) return o;
    return std::nullopt;  // a child of a worker inherits the line; it is not meant
  }();
  return order;
}

std::uint64_t PlanHash(std::string_view plan) {
  return std::hash<std::string_view>()(plan);
}

}  // namespace millrace
