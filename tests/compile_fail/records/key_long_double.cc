// expects: millrace: KeyBy: the key (K) must be a scalar, string, pair, tuple or record of them
// types: K = long double; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy([](const Reading& r) { return r.value; })
#else
      .KeyBy([](const Reading& r) { return static_cast<long double>(r.value); })
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
