// What must compile: a job with every kind of operator that the cases misuse.
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  millrace::ValueState<double> last{this, "last"};
  void ProcessElement(const Reading& r, Context& ctx, millrace::Collector<double>&) {
    last.Update(r.value);
    ctx.RegisterEventTimeTimer(ctx.Timestamp());
  }
  void OnTimer(millrace::EventTime, Context&, millrace::Collector<double>& out) {
    out.Emit(last.Get());
  }
};

void Job(millrace::StreamEnvironment& env) {
  auto readings = Readings(env)
                      .Map([](const auto& r) { return r; })
                      .Filter([](const auto& r) { return r.value > 0; })
                      .FlatMap<Reading>([](const auto& r, auto& out) { out.Emit(r); });
  readings.KeyBy(&Reading::sensor).Process("last", Last()).Print("last values");
  readings.KeyBy(&Reading::sensor)
      .Reduce("newest", [](const auto&, const auto& r) { return r; })
      .Print();
  ReadingWindows(env).Aggregate("mean", millrace::Average(&Reading::value)).Print("means");
}
