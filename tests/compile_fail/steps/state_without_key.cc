// expects: millrace: state needs a key: KeyBy, then a KeyedProcessFunction
// types: Limit
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

#ifdef FIXED
struct Limit : millrace::KeyedProcessFunction<std::string, Reading, double> {
#else
struct Limit : millrace::ProcessFunction<Reading, double> {
#endif
  millrace::ValueState<double> last{this, "last"};
  void ProcessElement(const Reading& r, Context&, millrace::Collector<double>&) {
    last.Update(r.value);
  }
};
#ifdef FIXED
#define Readings KeyedReadings
#endif

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Process("limit", Limit()).Print();
}
#undef Readings
