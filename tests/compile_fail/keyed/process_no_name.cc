// expects: millrace: Process: has state, so it needs a name: Process("name", fn)
// types: Fn = Last; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env)
#ifdef FIXED
      .Process("last", Last())
#else
      .Process(Last())
#endif
      .Print();
}
