// expects: millrace: Map: the function (F) can't be called, as const, with a record (T)
// types: F = Job(millrace::StreamEnvironment&)::<lambda(const Alarm&)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Map([](const Reading& r) { return r.value; })
#else
      .Map([](const Alarm& a) { return a.level; })
#endif
      .Print();
}
