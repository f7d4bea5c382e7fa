// expects: millrace: FlatMap: (F) does not say what it emits: FlatMap<R>(fn)
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .FlatMap<double>([](const Reading& r, auto& out) { out.Emit(r.value); })
#else
      .FlatMap([](const Reading& r, auto& out) { out.Emit(r.value); })
#endif
      .Print();
}
