// expects: millrace: Reduce: the stream has no key; call KeyBy first
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy(&Reading::sensor)
      .Reduce("last", [](const Reading&, const Reading& b) { return b; })
#else
      .Reduce("last", [](const Reading&, const Reading& b) { return b; })
#endif
      .Print();
}
