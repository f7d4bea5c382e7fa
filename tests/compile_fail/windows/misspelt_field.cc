// expects: has no member named ‘lenght’
// types: Window
// lines: 15
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  ReadingWindows(env)
#ifdef FIXED
      .Aggregate<double>("n", millrace::Count(),
                         [](const auto&, const auto& w, auto, auto& out) {
                           out.Emit(static_cast<double>(w.start.millis()));
                         })
#else
      .Aggregate<double>("n", millrace::Count(),
                         [](const auto&, const auto& w, auto, auto& out) {
                           out.Emit(static_cast<double>(w.lenght()));
                         })
#endif
      .Print();
}
