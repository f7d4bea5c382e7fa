// expects: millrace: Connect: broadcast the other stream (B) here: Connect(rules.Broadcast())
// types: B = Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limits : millrace::KeyedBroadcastProcessFunction<std::string, Reading, Alarm, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
  void ProcessBroadcastElement(const Alarm&, BroadcastContext&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
#ifdef FIXED
  auto alarms = Alarms(env);
  KeyedReadings(env).Connect(alarms.Broadcast()).Process("limits", Limits()).Print();
#else
  auto alarms = Alarms(env).Broadcast();
  KeyedReadings(env).Connect(alarms).Process("limits", Limits()).Print();
#endif
}
