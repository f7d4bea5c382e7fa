// expect: millrace: Map
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Map([](const Alarm& a) { return a; }).Print();
}
