// expects: millrace: Process: Fn must be a ProcessFunction<T, Out>; with state: KeyBy first
// types: Fn = Limit; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

#ifdef FIXED
using Input = Reading;
#else
using Input = Alarm;
#endif
struct Limit : millrace::ProcessFunction<Input, double> {
  void ProcessElement(const Input&, Context&, millrace::Collector<double>& out) { out.Emit(1); }
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Process("limit", Limit()).Print();
}
