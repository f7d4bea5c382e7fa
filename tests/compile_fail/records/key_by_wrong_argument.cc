// expects: millrace: KeyBy: takes members of the record (T), or a function of const T&
// types: lambda(const Alarm&); T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy([](const Reading& r) { return r.sensor; })
#else
      .KeyBy([](const Alarm& a) { return a.sensor; })
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
