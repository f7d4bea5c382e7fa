// expects: millrace: Process: Fn must be a KeyedCoProcessFunction<K, T1, T2, Out>
// types: Fn = Both; Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

#ifdef FIXED
using Second = Alarm;
#else
using Second = Reading;
#endif
struct Both : millrace::KeyedCoProcessFunction<std::string, Reading, Second, double> {
  void ProcessElement1(const Reading&, Context&, millrace::Collector<double>&) {}
  void ProcessElement2(const Second&, Context&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Connect(Alarms(env).KeyBy(&Alarm::sensor)).Process("both", Both()).Print();
}
