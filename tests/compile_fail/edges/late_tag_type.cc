// expect: OutputTag
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor)
      .Window(millrace::TumblingEventTime(std::chrono::seconds(5)))
      .SideOutputLate(millrace::OutputTag<Alarm>{"late"})
      .Aggregate("n", millrace::Count())
      .Print();
}
