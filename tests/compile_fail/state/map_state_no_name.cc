// expects: millrace: state needs a name, unique in its function: {this, "name"}
// types: MK = int; MV = double
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  millrace::MapState<int, double> last{this, "last"};
#else
  millrace::MapState<int, double> last{this};
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Put(1, 2); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
