// expects: millrace: Connect: the stream has no key; call KeyBy on both first
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Both : millrace::KeyedCoProcessFunction<std::string, Reading, Alarm, double> {
  void ProcessElement1(const Reading&, Context&, millrace::Collector<double>&) {}
  void ProcessElement2(const Alarm&, Context&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env)
#ifdef FIXED
      .KeyBy(&Reading::sensor)
      .Connect(Alarms(env).KeyBy(&Alarm::sensor))
#else
      .Connect(Alarms(env).KeyBy(&Alarm::sensor))
#endif
      .Process("both", Both())
      .Print();
}
