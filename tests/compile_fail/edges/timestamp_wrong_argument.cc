// expects: millrace: WithTimestamp: takes EventTime(const T&), or a function of integers and a unit
// types: F = Job(millrace::StreamEnvironment&)::<lambda(const Alarm&)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              [](const Reading& r) { return millrace::EventTime::FromMillis(r.time_ms); }))
#else
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              [](const Alarm& a) { return millrace::EventTime::FromMillis(a.level); }))
#endif
      .Print();
}
