// expects: millrace: Process: Fn needs ProcessElement1 and 2(const T&, Context&, Collector<Out>&)
// types: Fn = Both; Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Both : millrace::KeyedCoProcessFunction<std::string, Reading, Alarm, double> {
  void ProcessElement1(const Reading&, Context&, millrace::Collector<double>&) {}
#ifdef FIXED
  void ProcessElement2(const Alarm&, Context&, millrace::Collector<double>&) {}
#endif
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Connect(Alarms(env).KeyBy(&Alarm::sensor)).Process("both", Both()).Print();
}
