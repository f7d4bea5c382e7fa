// expects: millrace: state: a value (T) can't be stored: MILLRACE_RECORD(T, fields...)
// types: T = Undescribed
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
#ifdef FIXED
  millrace::ValueState<Alarm> last{this, "last"};
#else
  millrace::ValueState<Undescribed> last{this, "last"};
#endif
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Clear(); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
