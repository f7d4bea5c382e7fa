// expect: millrace: PartitionCustom
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).PartitionCustom([](const Reading& r, int) { return r.sensor; }).Print();
}
