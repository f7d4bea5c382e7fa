// expects: millrace: Process: Fn must be a KeyedBroadcastProcessFunction<K, T, B, Out>
// types: Fn = Limits; B = Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

#ifdef FIXED
struct Limits : millrace::KeyedBroadcastProcessFunction<std::string, Reading, Alarm, double> {
#else
struct Limits : millrace::BroadcastProcessFunction<Reading, Alarm, double> {
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
  void ProcessBroadcastElement(const Alarm&, BroadcastContext&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Connect(Alarms(env).Broadcast()).Process("limits", Limits()).Print();
}
