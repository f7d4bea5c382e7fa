// expects: millrace: Map: the function (F) can't be called, as const, with a record (T)
// types: F = Job(millrace::StreamEnvironment&)::<lambda(int)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  auto readings = Readings(env);
#ifdef FIXED
  readings
      .Map([](const Reading& r) { return r.value; })
#else
  readings
      .Map([](int n) { return n; })
#endif
      .Print();
}
