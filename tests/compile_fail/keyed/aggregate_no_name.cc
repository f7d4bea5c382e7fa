// expects: millrace: Aggregate: has state, so it needs a name: Aggregate("name", agg)
// types: Agg = millrace::Count; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env)
#ifdef FIXED
      .Aggregate("count", millrace::Count())
#else
      .Aggregate(millrace::Count())
#endif
      .Print();
}
