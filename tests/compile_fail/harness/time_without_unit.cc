// expects: millrace: a number (N) is no time: testing::At(millis), h.Now() + 5s
// types: N = int
#include "millrace/millrace.h"
#include "millrace/testing/testing.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) {}
};

void Test() {
  auto h = millrace::testing::KeyedProcessHarness(&Reading::sensor, Last());
#ifdef FIXED
  h.Watermark(millrace::testing::At(5));
#else
  h.Watermark(5);
#endif
}
