// expects: millrace: Reduce: has state, so it needs a name: Reduce("name", fn)
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env)
#ifdef FIXED
      .Reduce("last", [](const Reading&, const Reading& b) { return b; })
#else
      .Reduce([](const Reading&, const Reading& b) { return b; })
#endif
      .Print();
}
