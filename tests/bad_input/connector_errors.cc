// Files that are not there, can't be read or written, or hold something else. ARGUMENT is a path.
#include <stdexcept>

#include "tests/bad_input/bad_job.h"

using millrace::StreamEnvironment;

void AddConnectorErrors(Modes& modes) {
  modes["text"] = [](StreamEnvironment& env) {
    env.FromSource("lines", millrace::TextLines(Argument())).Print();
  };
  modes["csv"] = [](StreamEnvironment& env) {
    env.FromSource("readings", millrace::CsvFiles<Reading>(Argument())).Print();
  };
  modes["json"] = [](StreamEnvironment& env) {
    env.FromSource("readings", millrace::JsonFiles<Reading>(Argument())).Print();
  };
  modes["write text"] = [](StreamEnvironment& env) {
    Numbers(env).SinkTo("files", millrace::TextFileSink(Argument()));
  };
  modes["write windows"] = [](StreamEnvironment& env) {
    TimedNumbers(env)
        .KeyBy([](int n) { return n; })
        .Window(millrace::SlidingEventTime(millrace::Duration(10), millrace::Duration(5)))
        .Aggregate("counts", millrace::Count())
        .SinkTo("files", millrace::TextFileSink(Argument()));
  };
  modes["one subtask fails"] = [](StreamEnvironment& env) {
    env.FromSource("numbers",
                   millrace::Generate([](std::int64_t i) { return i; }).Count(100000).Splits(2))
        .Map([](std::int64_t i) {
          if (i == 99999) throw std::runtime_error("the last one");
          return i;
        })
        .SinkTo("files", millrace::TextFileSink(Argument()));
  };
  modes["malformed line in a window"] = [](StreamEnvironment& env) {
    auto readings =
        env.FromSource("readings", millrace::CsvFiles<Reading>(Argument()).MalformedTo("malformed"),
                       millrace::WatermarkStrategy<Reading>::Monotonous().WithTimestamp(
                           &Reading::time, millrace::Unit::kMilliseconds));
    readings.SideOutput(millrace::OutputTag<millrace::MalformedLine>{"malformed"})
        .KeyBy(&millrace::MalformedLine::line)
        .Window(millrace::TumblingEventTime(millrace::Duration(1000)))
        .Aggregate("counts", millrace::Count())
        .Print();
  };
  modes["write csv"] = [](StreamEnvironment& env) {
    env.FromCollection("readings", std::vector<Reading>{{"a", 1, 2}})
        .SinkTo("files", millrace::CsvFileSink(Argument()));
  };
  modes["write json that is not UTF-8"] = [](StreamEnvironment& env) {
    env.FromCollection("readings", std::vector<Reading>{{"caf\xe9", 1, 2}})
        .SinkTo("files", millrace::JsonFileSink(Argument()));
  };
  modes["print"] = [](StreamEnvironment& env) { Numbers(env).Print(); };
  modes["print much"] = [](StreamEnvironment& env) {
    env.FromSource("numbers",
                   millrace::Generate([](std::int64_t i) { return i; }).Count(1000000).Splits(3))
        .Print();
  };
}
