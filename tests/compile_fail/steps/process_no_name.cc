// expects: millrace: Process: give it a name, unique in the job: Process("name", fn)
// types: Fn = Limit; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limit : millrace::ProcessFunction<Reading, double> {
  void ProcessElement(const Reading& r, Context&, millrace::Collector<double>& out) {
    out.Emit(r.value);
  }
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .Process("limit", Limit())
#else
      .Process(Limit())
#endif
      .Print();
}
