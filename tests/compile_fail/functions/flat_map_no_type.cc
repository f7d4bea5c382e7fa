// expect: FlatMap<R>(fn)
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).FlatMap([](const Reading& r, auto& out) { out.Emit(r); }).Print();
}
