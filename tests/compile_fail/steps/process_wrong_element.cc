// expects: millrace: Process: Fn needs ProcessElement(const T&, Context&, Collector<Out>&)
// types: Fn = Limit; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limit : millrace::ProcessFunction<Reading, double> {
#ifdef FIXED
  void ProcessElement(const Reading& r, Context&, millrace::Collector<double>& out){
#else
  void ProcessElement(const Reading& r, millrace::Collector<double>& out) {
#endif
      out.Emit(r.value);
}
}
;

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Process("limit", Limit()).Print();
}
