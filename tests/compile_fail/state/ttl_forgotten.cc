// expects: millrace: state: its type says Ttl (Life): give it one: {this, "name", Ttl(1h)}
// types: Life = millrace::Ttl
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"
using namespace std::chrono_literals;

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  millrace::MapState<int, int, millrace::Ttl> last{this, "last", millrace::Ttl(1h)};
#else
  millrace::MapState<int, int, millrace::Ttl> last{this, "last"};
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Put(1, 1); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
