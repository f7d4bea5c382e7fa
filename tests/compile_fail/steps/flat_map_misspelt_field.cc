// expects: has no member named ‘valu’; did you mean ‘value’?
// types: Reading
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .FlatMap<double>([](const auto& r, auto& out) { out.Emit(r.value); })
#else
      .FlatMap<double>([](const auto& r, auto& out) { out.Emit(r.valu); })
#endif
      .Print();
}
