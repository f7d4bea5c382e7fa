// expects: millrace: broadcast state (State) is written in ProcessBroadcastElement only
// types: State = millrace::BroadcastState
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limits : millrace::KeyedBroadcastProcessFunction<std::string, Reading, Alarm, double> {
  millrace::BroadcastState<std::string, double> limits{this, "limits"};
  void ProcessElement(const Reading& r, Context& ctx, millrace::Collector<double>& out) {
#ifdef FIXED
    if (limits.Contains(r.sensor)) out.Emit(ctx.Timestamp().millis());
#else
    ctx.Write(limits);
#endif
  }
  void ProcessBroadcastElement(const Alarm& a, BroadcastContext& ctx,
                               millrace::Collector<double>&) {
    ctx.Write(limits).Put(a.sensor, 1);
  }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Connect(Alarms(env).Broadcast()).Process("limits", Limits()).Print();
}
