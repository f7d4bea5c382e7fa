// Reads the machine's package log in event time: how many packages were unpacked or upgraded per minute, and the
// sessions of activity (a pause of five minutes ends one).
//   package_log [--file /var/log/dpkg.log] [options of every job: --help]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "millrace/millrace.h"

using namespace std::chrono_literals;

struct Entry {
  millrace::EventTime time;
  std::string action;  // install, upgrade, remove, status ...
  std::string package;
};
MILLRACE_RECORD(Entry, time, action, package);

struct Line {
  std::string text;
};
MILLRACE_RECORD(Line, text);

namespace {

// "2025-06-24 14:36:25 install libc6:amd64 <none> 2.36-9"; anything else is not an entry.
void Parse(const std::string& line, millrace::Collector<Entry>& out) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, at = 0;
  char action[32], package[128];
  if (std::sscanf(line.c_str(), "%4d-%2d-%2d %2d:%2d:%2d %31s %n%127s", &year, &month, &day, &hour,
                  &minute, &second, action, &at, package) < 8) {
    return;
  }
  const auto date = std::chrono::sys_days{std::chrono::year{year} / month / day};
  const auto time =
      date + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  out.Emit(Entry{millrace::EventTime::FromMillis(time.time_since_epoch() / 1ms), action, package});
}

}  // namespace

int main(int argc, char** argv) {
  std::string file = "/var/log/dpkg.log";
  if (argc > 2 && std::string(argv[1]) == "--file") {
    file = argv[2];
    std::copy(argv + 3, argv + argc, argv + 1);
    argc -= 2;
  }
  millrace::StreamEnvironment env(argc, argv);
  auto changes =
      env.FromSource("log", millrace::TextLines(file))
          .FlatMap(
              [](const std::string& line, millrace::Collector<Entry>& out) { Parse(line, out); })
          .Filter([](const Entry& e) { return e.action == "install" || e.action == "upgrade"; })
          .AssignTimestampsAndWatermarks(
              millrace::WatermarkStrategy<Entry>::BoundedOutOfOrderness(1s).WithTimestamp(
                  &Entry::time));
  const auto line = [](const char* what) {
    return [what](int, const millrace::Window& w, std::int64_t n, millrace::Collector<Line>& out) {
      out.Emit({std::string(what) + " " + w.start.ToString() + " to " + w.end.ToString() + ": " +
                std::to_string(n) + " packages"});
    };
  };
  changes.KeyBy([](const Entry&) { return 0; })
      .Window(millrace::TumblingEventTime(1min))
      .Aggregate("per minute", millrace::Count(), line("minute"))
      .Print("print minutes");
  changes.KeyBy([](const Entry&) { return 0; })
      .Window(millrace::SessionEventTime(5min))
      .Aggregate("sessions", millrace::Count(), line("session"))
      .Print("print sessions");
  return env.Execute("package log");
}
