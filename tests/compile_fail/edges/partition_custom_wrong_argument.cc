// expects: millrace: PartitionCustom: (F) can't be called, as const, as int(const T&, int targets)
// types: F = Job(millrace::StreamEnvironment&)::<lambda(const Alarm&, int)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .PartitionCustom([](const Reading& r, int n) { return static_cast<int>(r.time_ms % n); })
#else
      .PartitionCustom([](const Alarm& a, int n) { return static_cast<int>(a.level % n); })
#endif
      .Print();
}
