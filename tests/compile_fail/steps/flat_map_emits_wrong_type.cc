// expects: millrace: Emit: the record (U) is not of the collector's type (R)
// types: U = const Reading&; R = double
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .FlatMap([](const Reading& r, millrace::Collector<double>& out) { out.Emit(r.value); })
#else
      .FlatMap([](const Reading& r, millrace::Collector<double>& out) { out.Emit(r); })
#endif
      .Print();
}
