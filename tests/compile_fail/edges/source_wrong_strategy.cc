// expects: millrace: FromSource: (Strategy) is no WatermarkStrategy of the source's record
// types: Source = millrace::CollectionSource<Reading>; millrace::WatermarkStrategy<Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
#ifdef FIXED
  env.FromSource("all", millrace::CollectionSource<Reading>({}),
                 millrace::WatermarkStrategy<Reading>())
#else
  env.FromSource("all", millrace::CollectionSource<Reading>({}),
                 millrace::WatermarkStrategy<Alarm>())
#endif
      .Print();
}
