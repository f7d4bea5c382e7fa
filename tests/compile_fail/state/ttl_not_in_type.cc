// expects: millrace: state: a time to live stands in the type, too: ValueState<T, Ttl>
// types: Life = millrace::Forever
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"
using namespace std::chrono_literals;

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  millrace::ValueState<int, millrace::Ttl> last{this, "last", millrace::Ttl(1h)};
#else
  millrace::ValueState<int> last{this, "last", millrace::Ttl(1h)};
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Update(1); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
