// expect: valeu
// lines: 15
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Map([](const auto& r) { return r.valeu; }).Print();
}
