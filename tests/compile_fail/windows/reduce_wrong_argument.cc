// expects: millrace: Reduce: (F) can't be called, as const, as T(const T&, const T&)
// types: lambda(const Alarm&, const Alarm&); T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Reduce("last", [](const Reading&, const Reading& b) { return b; })
#else
      .Reduce("last", [](const Alarm&, const Alarm& b) { return b; })
#endif
      .Print();
}
