// A job over Protobuf messages: the highest reading of each sensor so far.
#include "millrace/millrace.h"
#include "millrace/protobuf.h"
#include "readings.pb.h"

using sensors::Reading;

Reading Make(std::int64_t i) {
  Reading r;
  r.set_sensor(i % 2 == 0 ? "roof" : "cellar");
  r.set_time_ms(1000 * i);
  r.set_value(static_cast<double>(i * 7 % 5));
  return r;
}

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  env.FromSource("readings", millrace::Generate(Make).Count(6).Splits(1))
      .KeyBy([](const Reading& r) -> const std::string& { return r.sensor(); })
      .Reduce("highest",
              [](const Reading& a, const Reading& b) { return a.value() < b.value() ? b : a; })
      .Print();
  return env.Execute("readings");
}
