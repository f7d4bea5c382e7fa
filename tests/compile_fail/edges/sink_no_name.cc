// expects: millrace: SinkTo: give it a name, unique in the job: SinkTo("name", sink)
// types: Sink = millrace::CollectSink<Reading>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .SinkTo("all", millrace::CollectSink<Reading>());
#else
      .SinkTo(millrace::CollectSink<Reading>());
#endif
}
