// expects: millrace: Aggregate: Agg::Accumulator is a Protobuf message: include millrace/protobuf.h
// types: Agg = Mean; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/messages.h"
#include "tests/compile_fail/readings.h"
#ifdef FIXED
#include "millrace/protobuf.h"
#endif

struct Mean {
  using Accumulator = google::protobuf::DoubleValue;
  Accumulator Create() const { return {}; }
  void Add(Accumulator&, const Reading&) const {}
  void Merge(Accumulator&, const Accumulator&) const {}
  double Result(const Accumulator&) const { return 1; }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Aggregate("mean", Mean()).Print();
}
