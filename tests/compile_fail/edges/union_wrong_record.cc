// expects: millrace: Union: takes streams of the same record (T); Map the others to it first
// types: Alarm; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Union(Readings(env))
#else
      .Union(Alarms(env))
#endif
      .Print();
}
