// expects: has no member named ‘valu’; did you mean ‘value’?
// types: Reading
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Map([](const auto& r) { return r.value * 2; })
#else
      .Map([](const auto& r) { return r.valu * 2; })
#endif
      .Print();
}
