// expect: millrace: Reduce
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor)
      .Reduce("sum", [](const Alarm& a, const Alarm&) { return a; })
      .Print();
}
