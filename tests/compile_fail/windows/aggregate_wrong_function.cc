// expects: millrace: Aggregate: (F) is no (const K&, const Window&, const R&, Collector<Out>&)
// types: Agg = millrace::Count; T = Reading; K = std::__cxx11::basic_string<char>
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Aggregate("n", millrace::Count(),
                 [](const std::string&, const millrace::Window&, std::int64_t,
                    millrace::Collector<double>& out) { out.Emit(1); })
#else
      .Aggregate("n", millrace::Count(),
                 [](const std::string&, const millrace::Window&, const Alarm&,
                    millrace::Collector<double>& out) { out.Emit(1); })
#endif
      .Print();
}
