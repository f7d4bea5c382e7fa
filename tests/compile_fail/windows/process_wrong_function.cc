// expects: millrace: Process: (F) is no (const K&, const Window&, vector<T> const&, Collector<Out>&)
// types: T = Reading; K = std::__cxx11::basic_string<char>
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Process("all", [](const std::string&, const millrace::Window&, const std::vector<Reading>&,
                         millrace::Collector<double>& out) { out.Emit(1); })
#else
      .Process("all", [](const std::string&, const millrace::Window&, const std::vector<Alarm>&,
                         millrace::Collector<double>& out) { out.Emit(1); })
#endif
      .Print();
}
