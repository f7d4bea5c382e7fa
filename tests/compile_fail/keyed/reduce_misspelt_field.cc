// expects: has no member named ‘valu’; did you mean ‘value’?
// types: Reading
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env)
#ifdef FIXED
      .Reduce("most", [](const auto& a, const auto& b) { return a.value > b.value ? a : b; })
#else
      .Reduce("most", [](const auto& a, const auto& b) { return a.valu > b.value ? a : b; })
#endif
      .Print();
}
