#include <algorithm>
#include <fstream>
#include <sstream>

#include "examples/host_sensor_source.h"

namespace examples {
namespace {

// Lines of a file under /proc; none when it can't be read (a container may hide it).
std::vector<std::string> Lines(const char* path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

// 0 at the first sample of a counter.
double HostProbe::Rate(const std::string& name, double total, double seconds) {
  for (auto& [known, before] : last_) {
    if (known != name) continue;
    const double rate = seconds > 0 ? (total - before) / seconds : 0;
    before = total;
    return rate;
  }
  last_.emplace_back(name, total);
  return 0;
}

std::vector<Reading> HostProbe::Sample(std::int64_t now_ms) {
  std::vector<Reading> out;
  const double seconds = last_ms_ == 0 ? 0 : static_cast<double>(now_ms - last_ms_) / 1000;
  last_ms_ = now_ms;
  const auto add = [&](const std::string& sensor, double value) { out.push_back({sensor, now_ms, value}); };
  for (const std::string& line : Lines("/proc/stat")) {
    if (!line.starts_with("cpu")) break;
    std::istringstream in(line);
    std::string name;
    in >> name;
    double total = 0, idle = 0, ticks = 0;
    for (int i = 0; in >> ticks && i < 8; ++i) {
      total += ticks;
      if (i == 3 || i == 4) idle += ticks;
    }
    const double all = Rate(name + ".all", total, seconds);
    const double free = Rate(name + ".idle", idle, seconds);
    add(name + " busy %", all > 0 ? 100 * (1 - free / all) : 0);
  }
  for (const std::string& line : Lines("/proc/meminfo")) {
    if (line.starts_with("MemAvailable:")) add("memory available MB", std::stod(line.substr(13)) / 1024);
  }
  if (const auto load = Lines("/proc/loadavg"); !load.empty()) add("load 1 min", std::stod(load[0]));
  for (const std::string& line : Lines("/proc/net/dev")) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream in(line.substr(colon + 1));
    double rx = 0, skip = 0, tx = 0;
    in >> rx;
    for (int i = 0; i < 7; ++i) in >> skip;
    in >> tx;
    std::string name = line.substr(0, colon);
    name.erase(0, name.find_first_not_of(' '));
    add("net " + name + " in KB/s", Rate(name + ".rx", rx, seconds) / 1024);
    add("net " + name + " out KB/s", Rate(name + ".tx", tx, seconds) / 1024);
  }
  for (const std::string& line : Lines("/proc/diskstats")) {
    std::istringstream in(line);
    double major = 0, minor = 0, skip = 0, read = 0, written = 0;
    std::string name;
    in >> major >> minor >> name >> skip >> skip >> read >> skip >> skip >> skip >> written;
    if (name.starts_with("loop") || name.starts_with("ram")) continue;
    add("disk " + name + " read KB/s", Rate(name + ".r", read, seconds) / 2);
    add("disk " + name + " write KB/s", Rate(name + ".w", written, seconds) / 2);
  }
  return out;
}

}  // namespace examples
