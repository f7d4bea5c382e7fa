// expects: millrace: a side output needs a name: {this, "name"}
// types: Limit
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Limit : millrace::ProcessFunction<Reading, double> {
#ifdef FIXED
  millrace::SideOutput<Reading> rejected{this, "rejected"};
#else
  millrace::SideOutput<Reading> rejected{this};
#endif
  void ProcessElement(const Reading& r, Context&, millrace::Collector<double>&) {
    rejected.Emit(r);
  }
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Process("limit", Limit()).Print();
}
