// expects: millrace: WithTimestamp: takes EventTime(const T&), or a function of integers and a unit
// types: F = Job(millrace::StreamEnvironment&)::<lambda(const Reading&)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              [](const Reading& r) { return r.time_ms; }, millrace::Unit::kMilliseconds))
#else
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              [](const Reading& r) { return r.time_ms; }))
#endif
      .Print();
}
