// expects: millrace: FromSource: needs a name, unique in the job: FromSource("name", source)
// types: Source = millrace::CollectionSource<Reading>
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
#ifdef FIXED
  env.FromSource("all", millrace::CollectionSource<Reading>({}),
                 millrace::WatermarkStrategy<Reading>())
#else
  env.FromSource(millrace::CollectionSource<Reading>({}), millrace::WatermarkStrategy<Reading>())
#endif
      .Print();
}
