// expects: millrace: Aggregate: Agg::Accumulator can't be serialized: MILLRACE_RECORD it
// types: Agg = Mean; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Mean {
#ifdef FIXED
  using Accumulator = Alarm;
#else
  using Accumulator = Undescribed;
#endif
  Accumulator Create() const { return {}; }
  void Add(Accumulator&, const Reading&) const {}
  void Merge(Accumulator&, const Accumulator&) const {}
  double Result(const Accumulator&) const { return 1; }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Aggregate("mean", Mean()).Print();
}
