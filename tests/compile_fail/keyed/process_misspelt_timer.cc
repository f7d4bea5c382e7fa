// expects: millrace: Process: Fn's member for timers is called OnTimer
// types: Fn = Last; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
#ifdef FIXED
  void OnTimer(millrace::EventTime, Context&, millrace::Collector<double>&) {}
#else
  void onTimer(millrace::EventTime, Context&, millrace::Collector<double>&) {}
#endif
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
