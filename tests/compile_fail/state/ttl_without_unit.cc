// expects: millrace: Ttl: a number (N) is no length of time: Ttl(1h), Ttl(500ms)
// types: N = int
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"
using namespace std::chrono_literals;

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  millrace::ValueState<int, millrace::Ttl> last{this, "last", millrace::Ttl(1h)};
#else
  millrace::ValueState<int, millrace::Ttl> last{this, "last", millrace::Ttl(3600)};
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Update(1); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
