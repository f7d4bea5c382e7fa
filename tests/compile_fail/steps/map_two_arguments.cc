// expects: millrace: Map: the function (F) can't be called, as const, with a record (T)
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Map([](const auto& r) { return r.value; })
#else
      .Map([](const auto& r, const auto&) { return r.value; })
#endif
      .Print();
}
