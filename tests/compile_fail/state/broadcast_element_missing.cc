// expects: millrace: Process: Fn needs ProcessBroadcastElement(const B&, BroadcastContext&, Collector<Out>&)
// types: Fn = Limits; B = Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limits : millrace::BroadcastProcessFunction<Reading, Alarm, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
#ifdef FIXED
  void ProcessBroadcastElement(const Alarm&, BroadcastContext&, millrace::Collector<double>&) {}
#endif
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Connect(Alarms(env).Broadcast()).Process("limits", Limits()).Print();
}
