// expects: millrace: Process: Fn needs ProcessElement(const T&, Context&, Collector<Out>&)
// types: Fn = Last; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
#else
  void ProcessElement(const Reading&, Context&, millrace::Collector<std::string>&) {}
#endif
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
