// expect: does not aggregate records
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor).Aggregate("sum", millrace::Sum(&Alarm::level)).Print();
}
