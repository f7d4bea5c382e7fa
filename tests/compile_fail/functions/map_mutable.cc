// expect: millrace: Map
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Map([n = 0](const Reading&) mutable { return ++n; }).Print();
}
