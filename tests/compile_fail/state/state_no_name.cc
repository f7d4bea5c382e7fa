// expects: millrace: state needs a name, unique in its function: {this, "name"}
// types: Last
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  millrace::ValueState<int> last{this, "last"};
#else
  millrace::ValueState<int> last{this};
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Update(1); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
