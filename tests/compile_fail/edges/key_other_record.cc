// expect: millrace: KeyBy
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Alarm::text).Aggregate("n", millrace::Count()).Print();
}
