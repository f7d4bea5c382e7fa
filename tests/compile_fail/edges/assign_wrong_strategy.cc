// expects: millrace: AssignTimestampsAndWatermarks: takes a WatermarkStrategy<T> with watermarks
// types: Strategy = millrace::WatermarkStrategy<Alarm; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .AssignTimestampsAndWatermarks(millrace::WatermarkStrategy<Reading>::Monotonous())
#else
      .AssignTimestampsAndWatermarks(millrace::WatermarkStrategy<Alarm>::Monotonous())
#endif
      .Print();
}
