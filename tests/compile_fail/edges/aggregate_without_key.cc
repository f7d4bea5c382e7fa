// expects: millrace: Aggregate: the stream has no key; call KeyBy first
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy(&Reading::sensor)
      .Aggregate("count", millrace::Count())
#else
      .Aggregate("count", millrace::Count())
#endif
      .Print();
}
