// expect: Aggregate
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor).Aggregate(millrace::Count()).Print();
}
