// expects: millrace: FlatMap: (F) can't be called, as const, with (const T&, Collector<R>&)
// types: F = Job(millrace::StreamEnvironment&)::<lambda(const Alarm&, millrace::Collector<int>&)>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .FlatMap([](const Reading&, millrace::Collector<int>& out) { out.Emit(1); })
#else
      .FlatMap([](const Alarm&, millrace::Collector<int>& out) { out.Emit(1); })
#endif
      .Print();
}
