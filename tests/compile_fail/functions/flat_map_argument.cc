// expect: millrace: FlatMap
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).FlatMap([](const Alarm& a, millrace::Collector<Alarm>& out) { out.Emit(a); }).Print();
}
