// expects: millrace: Reduce: (F) can't be called, as const, as T(const T&, const T&)
// types: lambda(const Reading&, const Reading&); T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env)
#ifdef FIXED
      .Reduce("last", [](const Reading&, const Reading& b) { return b; })
#else
      .Reduce("last", [](const Reading& a, const Reading& b) { return a.value + b.value; })
#endif
      .Print();
}
