// expect: Reduce
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor)
      .Reduce([](const Reading& a, const Reading&) { return a; })
      .Print();
}
