// expects: millrace: SideOutput: the record (U) is not of the output's type (S)
// types: U = Reading; S = Alarm
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limit : millrace::ProcessFunction<Reading, double> {
#ifdef FIXED
  millrace::SideOutput<Reading> rejected{this, "rejected"};
#else
  millrace::SideOutput<Alarm> rejected{this, "rejected"};
#endif
  void ProcessElement(const Reading& r, Context&, millrace::Collector<double>&) {
    rejected.Emit(r);
  }
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Process("limit", Limit()).Print();
}
