// expects: millrace: WithTimestamp: takes an integer, EventTime or time point (M) of the record (T)
// types: M = double; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              &Reading::time_ms, millrace::Unit::kSeconds))
#else
      .AssignTimestampsAndWatermarks(
          millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
              &Reading::value, millrace::Unit::kSeconds))
#endif
      .Print();
}
