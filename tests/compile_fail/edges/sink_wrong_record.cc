// expects: millrace: SinkTo: the sink (Sink) does not write the stream's records (T)
// types: Sink = millrace::CollectSink<Alarm>; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .SinkTo("all", millrace::CollectSink<Reading>());
#else
      .SinkTo("all", millrace::CollectSink<Alarm>());
#endif
}
