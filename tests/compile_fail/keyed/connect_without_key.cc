// expects: millrace: Connect: takes a stream that is keyed by the same type (K)
// types: Other = millrace::DataStream<Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Both : millrace::KeyedCoProcessFunction<std::string, Reading, Alarm, double> {
  void ProcessElement1(const Reading&, Context&, millrace::Collector<double>&) {}
  void ProcessElement2(const Alarm&, Context&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env)
#ifdef FIXED
      .Connect(Alarms(env).KeyBy(&Alarm::sensor))
#else
      .Connect(Alarms(env))
#endif
      .Process("both", Both())
      .Print();
}
