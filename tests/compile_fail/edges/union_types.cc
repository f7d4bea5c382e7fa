// expect: the streams differ
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Union(env.FromCollection("a", std::vector<Alarm>{})).Print();
}
