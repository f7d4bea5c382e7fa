// expect: millrace: KeyBy
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy([](const Reading& r) { return &r; }).Aggregate("n", millrace::Count()).Print();
}
