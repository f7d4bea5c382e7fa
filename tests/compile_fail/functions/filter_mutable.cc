// expect: millrace: Filter
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Filter([n = 0](const Reading&) mutable { return ++n > 1; }).Print();
}
