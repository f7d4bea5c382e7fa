#include "millrace/connectors/host_sensors.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

namespace millrace {
namespace {

std::string Trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Entries of a folder whose names begin so, sorted; none when there is no such folder.
std::vector<std::string> Entries(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> entries;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with(prefix))
      entries.push_back(entry.path().string());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

std::string HostSensors::Mistake() const {
  constexpr std::int64_t kLongest = 24 * 3600 * 1000;
  if (interval_.count() < 1 || interval_.count() > kLongest) {
    return "HostSensors: the interval is " + std::to_string(interval_.count()) +
           " ms (allowed: 1 ms to a day)";
  }
  if (time_.has_value() && time_->count() < 0) {
    return "HostSensors: For(" + std::to_string(time_->count()) + " ms): a while is 0 ms or longer";
  }
  return {};
}

std::unique_ptr<SplitEnumerator> HostSensors::CreateEnumerator(int parallelism) const {
  const std::int64_t samples = time_.has_value() ? time_->count() / interval_.count() : INT64_MAX;
  return MakeStaticSplits<Split>({{0, 0, samples}}, parallelism);
}

struct HostProbe::State {
  explicit State(std::string root) : root_(std::move(root)) {}
  std::vector<SensorReading> Sample(EventTime now);
  void Processors();
  void Memory();
  void Temperatures();
  void Network();
  void Disks();
  std::vector<std::string> Lines(const std::string& path) const;
  void Add(std::string sensor, double value);
  /// Change of a counter since the last sample; false at its first one, and when it has begun anew.
  bool Change(const std::string& counter, double total, double* change);
  void AddRate(const std::string& sensor, double total);

  std::string root_;
  std::unordered_map<std::string, double> totals_;
  EventTime now_;
  double seconds_ = 0;  // since the last sample
  std::vector<SensorReading> readings_;
};

HostProbe::HostProbe(std::string root) : state_(std::make_unique<State>(std::move(root))) {}
HostProbe::~HostProbe() = default;
HostProbe::HostProbe(HostProbe&&) noexcept = default;
std::vector<SensorReading> HostProbe::Sample(EventTime now) {
  return state_->Sample(now);
}

void HostProbe::State::Add(std::string sensor, double value) {
  readings_.push_back({std::move(sensor), now_, value});
}

std::vector<SensorReading> HostProbe::State::Sample(EventTime now) {
  seconds_ = totals_.empty() ? 0 : static_cast<double>((now - now_).count()) / 1000;
  now_ = now;
  readings_.clear();
  Processors();
  Memory();
  Temperatures();
  Network();
  Disks();
  return std::move(readings_);
}

std::vector<std::string> HostProbe::State::Lines(const std::string& path) const {
  std::vector<std::string> lines;
  std::ifstream in(root_ + path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool HostProbe::State::Change(const std::string& counter, double total, double* change) {
  const auto [known, is_new] = totals_.try_emplace(counter, total);
  *change = total - std::exchange(known->second, total);
  return !is_new && *change >= 0;
}

void HostProbe::State::AddRate(const std::string& sensor, double total) {
  double change = 0;
  if (Change(sensor, total, &change) && seconds_ > 0) Add(sensor, change / seconds_);
}

void HostProbe::State::Processors() {
  for (const std::string& line : Lines("/proc/stat")) {
    if (!line.starts_with("cpu")) break;
    std::istringstream in(line);
    std::string name;
    in >> name;
    double total = 0, idle = 0, ticks = 0;
    for (int i = 0; i < 8 && in >> ticks; ++i) {  // user nice system idle iowait irq softirq steal
      total += ticks;
      if (i == 3 || i == 4) idle += ticks;
    }
    double all = 0, free = 0;
    const bool known = Change(name + ".all", total, &all);
    if (Change(name + ".idle", idle, &free) && known && all > 0)
      Add(name + " busy %", 100 * (1 - free / all));
  }
}

void HostProbe::State::Memory() {
  double value = 0;
  for (const std::string& line : Lines("/proc/meminfo")) {
    if (line.starts_with("MemAvailable:") && std::istringstream(line.substr(13)) >> value)
      Add("memory available MB", value / 1024);
  }
  const auto load = Lines("/proc/loadavg");
  if (!load.empty() && std::istringstream(load[0]) >> value) Add("load 1 min", value);
}

void HostProbe::State::Temperatures() {
  const auto add = [this](const std::string& name, const std::string& file) {
    double milli = 0;
    const auto lines = Lines(file);
    if (!lines.empty() && std::istringstream(lines[0]) >> milli)
      Add("temperature " + name + " C", milli / 1000);
  };
  for (const std::string& chip : Entries(root_ + "/sys/class/hwmon", "hwmon")) {
    const std::string folder = chip.substr(root_.size());
    const auto name = Lines(folder + "/name");
    for (const std::string& input : Entries(chip, "temp")) {
      if (!input.ends_with("_input")) continue;
      const std::string file = input.substr(root_.size());
      const auto label = Lines(file.substr(0, file.size() - 5) + "label");
      const std::string number =
          file.substr(file.rfind('/') + 1, file.size() - file.rfind('/') - 7);
      add((name.empty() ? "" : name[0] + " ") + (label.empty() ? number : label[0]), file);
    }
  }
  for (const std::string& zone : Entries(root_ + "/sys/class/thermal", "thermal_zone")) {
    const std::string folder = zone.substr(root_.size());
    const auto type = Lines(folder + "/type");
    add(zone.substr(zone.rfind('/') + 1) + (type.empty() ? "" : " " + type[0]), folder + "/temp");
  }
}

void HostProbe::State::Network() {
  for (const std::string& line : Lines("/proc/net/dev")) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::istringstream in(line.substr(colon + 1));
    double received = 0, skip = 0, sent = 0;
    in >> received;
    for (int i = 0; i < 7; ++i) in >> skip;
    if (!(in >> sent)) continue;
    const std::string name = Trimmed(line.substr(0, colon));
    AddRate("net " + name + " in KB/s", received / 1024);
    AddRate("net " + name + " out KB/s", sent / 1024);
  }
}

void HostProbe::State::Disks() {
  for (const std::string& line : Lines("/proc/diskstats")) {
    std::istringstream in(line);
    double major = 0, minor = 0, skip = 0, read = 0, written = 0;  // sectors of 512 bytes
    std::string name;
    if (!(in >> major >> minor >> name >> skip >> skip >> read >> skip >> skip >> skip >> written))
      continue;
    if (name.starts_with("loop") || name.starts_with("ram")) continue;
    AddRate("disk " + name + " read KB/s", read / 2);
    AddRate("disk " + name + " write KB/s", written / 2);
  }
}

}  // namespace millrace
