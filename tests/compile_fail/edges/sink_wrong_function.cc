// expects: millrace: SinkTo: the sink (Sink) does not write the stream's records (T)
// types: Sink = millrace::FunctionSink<Job(millrace::StreamEnvironment&)::<lambda(const Alarm&)> >; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .SinkTo("all", millrace::FunctionSink([](const Reading&) {}));
#else
      .SinkTo("all", millrace::FunctionSink([](const Alarm&) {}));
#endif
}
