// expects: has no member named ‘senso’; did you mean ‘sensor’?
// types: Reading
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy([](const auto& r) { return r.sensor; })
#else
      .KeyBy([](const auto& r) { return r.senso; })
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
