// expects: millrace: KeyBy: the key (K) must be a scalar, string, pair, tuple or record of them
// types: K = std::unordered_map<int, int>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy([](const Reading&) { return std::map<int, int>(); })
#else
      .KeyBy([](const Reading&) { return std::unordered_map<int, int>(); })
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
