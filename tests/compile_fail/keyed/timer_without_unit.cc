// expects: millrace: EventTime + a number (N): of which unit? + 60s, + 500ms
// types: N = int
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

using namespace std::chrono_literals;

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  void ProcessElement(const Reading&, Context& ctx, millrace::Collector<double>&) {
#ifdef FIXED
    ctx.RegisterEventTimeTimer(ctx.Timestamp() + 60s);
#else
    ctx.RegisterEventTimeTimer(ctx.Timestamp() + 60);
#endif
  }
  void OnTimer(millrace::EventTime, Context&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
