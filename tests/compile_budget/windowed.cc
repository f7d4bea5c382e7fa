#include "millrace/millrace.h"
using namespace std::chrono_literals;

struct Reading {
  std::string sensor;
  std::int64_t time_ms;
  double value;
};
MILLRACE_RECORD(Reading, sensor, time_ms, value);

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  env.FromCollection("readings", std::vector<Reading>{},
                     millrace::WatermarkStrategy<Reading>::BoundedOutOfOrderness(1s).WithTimestamp(
                         &Reading::time_ms, millrace::Unit::kMilliseconds))
      .Filter([](const Reading& r) { return r.value > -300; })
      .KeyBy(&Reading::sensor)
      .Window(millrace::SlidingEventTime(60s, 10s))
      .Aggregate("average", millrace::Average(&Reading::value))
      .Print();
  return env.Execute("averages");
}
