// expect: millrace: window
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor)
      .Window(millrace::TumblingEventTime(std::chrono::seconds(5)))
      .Aggregate("n", millrace::Count(),
                 [](const std::string&, const millrace::Window&, const Alarm& a,
                    millrace::Collector<Alarm>& out) { out.Emit(a); })
      .Print();
}
