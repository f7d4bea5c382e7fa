#include "tests/chaos/chaos_shapes.h"

namespace millrace::chaos {

void BuildWindows(Items& items, const Sinks& sinks) {
  items.KeyBy(&Item::key)
      .Window(TumblingEventTime(Duration(kWindow)))
      .Aggregate("tumbling", Sum(&Item::number))
      .Map([](const auto& r) { return Row("tumbling", r.key, r.window.end.millis(), r.value); })
      .SinkTo("tumbling rows", sinks("tumbling rows"));
  items.KeyBy(&Item::key)
      .Window(SlidingEventTime(Duration(3 * kWindow), Duration(kWindow)))
      .Aggregate("sliding", Sum(&Item::number))
      .Map([](const auto& r) { return Row("sliding", r.key, r.window.end.millis(), r.value); })
      .SinkTo("sliding rows", sinks("sliding rows"));
  items.KeyBy(&Item::key)
      .Window(SessionEventTime(Duration(kWindow)))
      .Aggregate("sessions", Sum(&Item::number))
      .Map([](const auto& r) { return Row("session", r.key, r.window.start.millis(), r.value); })
      .SinkTo("session rows", sinks("session rows"));
}

}  // namespace millrace::chaos
