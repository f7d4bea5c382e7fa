// expects: millrace: WithTimestamp: integers (M) need a unit: WithTimestamp(&T::m, Unit::k...)
// types: M = long int; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              &Reading::time_ms, millrace::Unit::kMilliseconds))
#else
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(&Reading::time_ms))
#endif
      .Print();
}
