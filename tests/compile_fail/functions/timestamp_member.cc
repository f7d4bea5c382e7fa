// expect: Alarm
// lines: 10
#include "job.h"

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("r", std::vector<Reading>{},
                     millrace::WatermarkStrategy<Reading>::BoundedOutOfOrderness(
                         std::chrono::seconds(1))
                         .WithTimestamp(&Alarm::level, millrace::Unit::kMilliseconds))
      .Print();
}
