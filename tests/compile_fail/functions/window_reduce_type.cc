// expect: millrace: window
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor)
      .Window(millrace::TumblingEventTime(std::chrono::seconds(5)))
      .Reduce("last", [](const Alarm&, const Alarm& b) { return b; })
      .Print();
}
