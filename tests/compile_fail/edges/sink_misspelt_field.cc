// expects: has no member named ‘valu’; did you mean ‘value’?
// types: Reading
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .SinkTo("all", millrace::FunctionSink([](const auto& r) { (void)r.value; }));
#else
      .SinkTo("all", millrace::FunctionSink([](const auto& r) { (void)r.valu; }));
#endif
}
