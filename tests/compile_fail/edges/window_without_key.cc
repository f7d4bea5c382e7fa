// expects: millrace: Window: the stream has no key; call KeyBy first
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy(&Reading::sensor)
      .Window(millrace::CountWindow(10))
#else
      .Window(millrace::CountWindow(10))
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
