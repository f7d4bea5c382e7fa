// expects: has no member named ‘valu’; did you mean ‘value’?
// types: Reading
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Map([](auto& r) { r.value *= 2; })
#else
      .Map([](auto& r) { r.valu *= 2; })
#endif
      .Print();
}
