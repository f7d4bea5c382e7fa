// expects: millrace: Process: Fn must be a KeyedProcessFunction<K, T, Out>
// types: Fn = Last; T = Reading; K = std::__cxx11::basic_string<char>
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

#ifdef FIXED
using Key = std::string;
#else
using Key = int;
#endif
struct Last : millrace::KeyedProcessFunction<Key, Reading, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
