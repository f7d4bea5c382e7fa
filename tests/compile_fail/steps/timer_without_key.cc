// expects: millrace: timers need a key: KeyBy, then a KeyedProcessFunction
// types: ProcessContext
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

#ifdef FIXED
struct Limit : millrace::KeyedProcessFunction<std::string, Reading, double> {
  void OnTimer(millrace::EventTime, Context&, millrace::Collector<double>& out) { out.Emit(1); }
#else
struct Limit : millrace::ProcessFunction<Reading, double> {
#endif
  void ProcessElement(const Reading&, Context& ctx, millrace::Collector<double>&) {
    ctx.RegisterEventTimeTimer(ctx.Timestamp() + millrace::Duration(60000));
  }
};
#ifdef FIXED
#define Readings KeyedReadings
#endif

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Process("limit", Limit()).Print();
}
#undef Readings
