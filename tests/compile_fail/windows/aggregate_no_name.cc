// expects: millrace: Aggregate: has state, so it needs a name: Aggregate("name", agg)
// types: Agg = millrace::Count; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Aggregate("n", millrace::Count(),
                 [](const std::string&, const millrace::Window&, std::int64_t,
                    millrace::Collector<double>& out) { out.Emit(1); })
#else
      .Aggregate(millrace::Count(), [](const std::string&, const millrace::Window&, std::int64_t,
                                       millrace::Collector<double>& out) { out.Emit(1); })
#endif
      .Print();
}
