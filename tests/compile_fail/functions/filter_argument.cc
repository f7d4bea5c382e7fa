// expect: millrace: Filter
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Filter([](const Alarm& a) { return a.level > 1; }).Print();
}
