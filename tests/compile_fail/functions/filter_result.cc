// expect: millrace: Filter
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Filter([](const Reading& r) { return r.sensor; }).Print();
}
