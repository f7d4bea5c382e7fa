// expect: nothing; the beginning of every case compiles
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Map([](const Reading& r) { return Alarm{r.sensor, 1}; }).Print();
}
