// expects: millrace: Aggregate: Agg needs void Add(Accumulator&, const T&) const
// types: Agg = millrace::Average<Alarm, long int>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Aggregate("mean", millrace::Average(&Reading::value))
#else
      .Aggregate("mean", millrace::Average(&Alarm::level))
#endif
      .Print();
}
