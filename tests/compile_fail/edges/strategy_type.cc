// expect: record types differ
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("r", std::vector<Reading>{}, millrace::WatermarkStrategy<Alarm>()).Print();
}
