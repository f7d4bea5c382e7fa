// expects: millrace: Process: Fn must be a KeyedProcessFunction<K, T, Out>
// types: Fn = Last; T = Reading; K = double
#include "millrace/millrace.h"
#include "millrace/testing/testing.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
};

void Test() {
#ifdef FIXED
  auto h = millrace::testing::KeyedProcessHarness(&Reading::sensor, Last());
#else
  auto h = millrace::testing::KeyedProcessHarness(&Reading::value, Last());
#endif
  h.Push(Reading{}, millrace::testing::At(1));
}
