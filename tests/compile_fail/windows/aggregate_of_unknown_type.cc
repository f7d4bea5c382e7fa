// expects: millrace: Aggregate: (F) does not say what it emits: Aggregate<Out>(name, agg, fn)
// types: T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Aggregate<double>(
          "n", millrace::Count(),
          [](const auto&, const auto&, auto n, auto& out) { out.Emit(static_cast<double>(n)); })
#else
      .Aggregate(
          "n", millrace::Count(),
          [](const auto&, const auto&, auto n, auto& out) { out.Emit(static_cast<double>(n)); })
#endif
      .Print();
}
