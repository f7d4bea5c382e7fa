// expects: millrace: broadcast state is written by ctx.Write(state), in ProcessBroadcastElement
// types: BroadcastState
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limits : millrace::KeyedBroadcastProcessFunction<std::string, Reading, Alarm, double> {
  millrace::BroadcastState<std::string, double> limits{this, "limits"};
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
  void ProcessBroadcastElement(const Alarm& a, BroadcastContext& ctx,
                               millrace::Collector<double>&) {
#ifdef FIXED
    ctx.Write(limits).Put(a.sensor, 1);
#else
    limits.Put(a.sensor, 1);
#endif
  }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Connect(Alarms(env).Broadcast()).Process("limits", Limits()).Print();
}
