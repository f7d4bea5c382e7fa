// expect: Window
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Window(millrace::TumblingEventTime(std::chrono::seconds(5)));
}
