// expects: millrace: FromCollection: needs a name: FromCollection("name", records)
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
#ifdef FIXED
  env.FromCollection("all", std::vector<Reading>{})
#else
  env.FromCollection(std::vector<Reading>{})
#endif
      .Print();
}
