// expects: millrace: KeyBy: takes members of the record (T), or a function of const T&
// types: Alarm::*; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy(&Reading::sensor, &Reading::value)
#else
      .KeyBy(&Reading::sensor, &Alarm::level)
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
