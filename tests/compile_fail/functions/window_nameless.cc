// expect: Aggregate
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor)
      .Window(millrace::TumblingEventTime(std::chrono::seconds(5)))
      .Aggregate(millrace::Count())
      .Print();
}
