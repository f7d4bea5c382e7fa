// expects: millrace: Emit: the record (U) is not of the collector's type (R)
// types: U = const Reading&; R = double
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .FlatMap<double>([](const Reading& r, auto& out) { out.Emit(r.value); })
#else
      .FlatMap<double>([](const Reading& r, auto& out) { out.Emit(r); })
#endif
      .Print();
}
