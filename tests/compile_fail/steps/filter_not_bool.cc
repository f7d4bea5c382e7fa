// expects: millrace: Filter: the function (F) can't be called, as const, as bool(const T&)
// types: F = Job(millrace::StreamEnvironment&)::<lambda(const Reading&)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Filter([](const Reading& r) { return r.sensor.empty(); })
#else
      .Filter([](const Reading& r) { return r.sensor; })
#endif
      .Print();
}
