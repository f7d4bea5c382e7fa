// expects: millrace: FlatMap: (F) can't be called, as const, with (const T&, Collector<R>&)
// types: In = Reading; lambda(const Alarm&
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .FlatMap<double>([](const Reading& r, auto& out) { out.Emit(r.value); })
#else
      .FlatMap<double>([](const Alarm& a, auto& out) { out.Emit(a.level); })
#endif
      .Print();
}
