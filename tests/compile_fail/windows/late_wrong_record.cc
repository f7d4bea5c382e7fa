// expects: millrace: SideOutputLate: late records are the stream's: OutputTag<T>
// types: S = Alarm; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .SideOutputLate(millrace::OutputTag<Reading>{"late"})
#else
      .SideOutputLate(millrace::OutputTag<Alarm>{"late"})
#endif
      .Aggregate("n", millrace::Count())
      .Print();
}
