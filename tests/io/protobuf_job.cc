// A job over messages; protobuf_test.cc runs it as a person would. MODE=throw: its function does not like the last reading.
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "millrace/millrace.h"
#include "millrace/protobuf.h"
#include "sensors.pb.h"

namespace {

using sensors::Reading;

bool Throws() {
  const char* mode = std::getenv("MODE");
  return mode != nullptr && std::strcmp(mode, "throw") == 0;
}

/// Emits the last reading of each sensor, at the end.
struct Last : millrace::KeyedProcessFunction<std::string, Reading, Reading> {
  millrace::ValueState<Reading> last{this, "last"};

  void ProcessElement(const Reading& r, Context& ctx, millrace::Collector<Reading>&) {
    const std::int64_t seen = last.Has() ? last.Get().counters().at("seen") : 0;
    last.Update(r);
    (*last.Mutable().mutable_counters())["seen"] = seen + 1;
    if (r.value() == 9 && Throws()) throw std::runtime_error("nine is too hot");
    ctx.RegisterEventTimeTimer(millrace::EventTime::Max());
  }
  void OnTimer(millrace::EventTime, Context&, millrace::Collector<Reading>& out) {
    out.Emit(last.Get());
  }
};

Reading Make(std::int64_t i) {
  Reading r;
  r.set_sensor("sensor " + std::to_string(i % 2));
  r.set_value(static_cast<double>(i));
  r.add_tags("a tag of more than fifteen characters");
  return r;
}

}  // namespace

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  auto readings = env.FromSource("readings", millrace::Generate(Make).Count(10).Splits(1));
  readings.KeyBy([](const Reading& r) -> const std::string& { return r.sensor(); })
      .Process("last", Last())
      .Rebalance()
      .Map([](Reading& r) { r.clear_tags(); })
      .Print();
  return env.Execute("last");
}
