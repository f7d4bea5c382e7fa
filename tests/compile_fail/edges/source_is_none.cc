// expects: millrace: FromSource: (Source) is no source: see operators/source/source_api.h
// types: Source = int
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
#ifdef FIXED
  env.FromSource("all", millrace::CollectionSource<Reading>({}))
#else
  env.FromSource("all", 7)
#endif
      .Print();
}
