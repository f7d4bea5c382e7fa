// expects: millrace: KeyBy: the key (K) must be a scalar, string, pair, tuple or record of them
// types: K = Undescribed; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy([](const Reading& r) { return r.time_ms; })
#else
      .KeyBy([](const Reading& r) { return Undescribed{r.time_ms}; })
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
