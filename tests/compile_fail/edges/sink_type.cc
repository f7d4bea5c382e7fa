// expect: millrace: SinkTo
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).SinkTo("s", millrace::FunctionSink{[](const Alarm&) {}});
}
