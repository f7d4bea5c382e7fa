#include <stdexcept>
#include <string>

#include "millrace/operators/edge/routers.h"
#include "millrace/operators/watermarks.h"

namespace millrace {

void ThrowBadTarget(std::int64_t target, std::uint32_t targets) {
  throw std::out_of_range("the partitioner chose target " + std::to_string(target) + " of " +
                          std::to_string(targets) + " (allowed: 0 to " +
                          std::to_string(targets - 1) + ")");
}

void ThrowBadTimestamp(EventTime time) {
  const std::string value = time == EventTime::Min() || time == EventTime::Max()
                                ? time.ToString()
                                : std::to_string(time.millis()) + " ms";
  throw std::out_of_range(
      "event time " + value + " is " +
      (time.millis() < 0 ? "before the year 1" : "after the year 9999") +
      (time == EventTime::Min()
           ? ": does the WatermarkStrategy lack WithTimestamp, or is the unit of the "
             "timestamp wrong?"
           : ": is the unit of the timestamp right?"));
}

void ThrowUnwindowable(EventTime time) {
  throw std::out_of_range("event time " + time.ToString() + " is in no window: " +
                          (time == EventTime::Min()
                               ? "the record has none; give its source a WatermarkStrategy with "
                                 "WithTimestamp"
                               : "times are those of the years 1 to 9999"));
}

}  // namespace millrace
