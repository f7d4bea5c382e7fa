// Live sensors of this machine: load of the processors, memory, network and disk, sampled ten times a second, keyed by
// sensor; average, minimum and maximum over the last 5 seconds, every second. A table that refreshes on a terminal,
// JSON lines when piped. Ends by itself after 30 s, or as many as HOST_SENSORS_SECONDS says.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "millrace/millrace.h"

using namespace std::chrono_literals;
using millrace::SensorReading;

struct Spread {
  double sum = 0;
  double low = 0;
  double high = 0;
  std::int64_t count = 0;
};
MILLRACE_RECORD(Spread, sum, low, high, count);

// Average, minimum and maximum in one.
struct SpreadOf {
  using Accumulator = Spread;
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const SensorReading& r) const {
    Merge(acc, {r.value, r.value, r.value, 1});
  }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    if (o.count == 0) return;
    acc.low = acc.count == 0 ? o.low : std::min(acc.low, o.low);
    acc.high = acc.count == 0 ? o.high : std::max(acc.high, o.high);
    acc.sum += o.sum;
    acc.count += o.count;
  }
  Spread Result(const Accumulator& acc) const { return acc; }
};

struct Row {
  std::string sensor;
  std::int64_t window_end_ms;
  double average;
  double min;
  double max;
};
MILLRACE_RECORD(Row, sensor, window_end_ms, average, min, max);

// A row a sensor on a terminal, drawn again for each window; else one JSON object a line.
struct TableSink {
  struct Writer {
    bool terminal = isatty(STDOUT_FILENO) != 0;
    std::int64_t window = 0;
    void Write(const Row& row, millrace::EventTime) {
      if (!terminal) {
        std::puts(millrace::ToJson(row).c_str());
        return;
      }
      if (row.window_end_ms != window) {
        window = row.window_end_ms;
        std::printf("\033[H\033[2J%-28s %12s %12s %12s\n", "sensor (last 5 s)", "average", "min",
                    "max");
      }
      std::printf("%-28s %12.2f %12.2f %12.2f\n", row.sensor.c_str(), row.average, row.min,
                  row.max);
    }
    void Flush() { std::fflush(stdout); }
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {}; }
};

// How long the job runs; 0: HOST_SENSORS_SECONDS is no number of seconds.
double Seconds() {
  const char* given = std::getenv("HOST_SENSORS_SECONDS");
  if (given == nullptr) return 30;
  char* end = nullptr;
  const double seconds = std::strtod(given, &end);
  return end != given && *end == '\0' && seconds >= 0.1 && seconds <= 1e9 ? seconds : 0;
}

int main(int argc, char** argv) {
  const double seconds = Seconds();
  if (seconds == 0) {
    std::fprintf(stderr, "host_sensors: HOST_SENSORS_SECONDS is no number from 0.1 to 1e9\n");
    return 2;
  }
  millrace::StreamEnvironment env(argc, argv);
  env.FromSource("sensors",
                 millrace::HostSensors(100ms).For(
                     millrace::Duration(static_cast<std::int64_t>(seconds * 1000))),
                 millrace::WatermarkStrategy<SensorReading>::Monotonous().WithTimestamp(
                     &SensorReading::time))
      .KeyBy(&SensorReading::sensor)
      .Window(millrace::SlidingEventTime(5s, 1s))
      .Aggregate("spread", SpreadOf{},
                 [](const std::string& sensor, const millrace::Window& window, const Spread& s,
                    millrace::Collector<Row>& out) {
                   out.Emit({sensor, window.end.millis(), s.sum / static_cast<double>(s.count),
                             s.low, s.high});
                 })
      .Global()
      .SinkTo("table", TableSink{});
  return env.Execute("host sensors");
}
