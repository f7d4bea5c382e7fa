#include <stdexcept>
#include <string>

#include "millrace/operators/routers.h"
#include "millrace/operators/watermarks.h"

namespace millrace {

void ThrowBadTarget(std::int64_t target, std::uint32_t targets) {
  throw std::out_of_range("the partitioner chose target " + std::to_string(target) + " of " +
                          std::to_string(targets) + " (allowed: 0 to " +
                          std::to_string(targets - 1) + ")");
}

void ThrowBadTimestamp(EventTime time) {
  throw std::out_of_range("event time " + std::to_string(time.millis()) + " ms is " +
                          (time.millis() < 0 ? "before 1970" : "after the year 9999") +
                          ": is the unit of the timestamp right?");
}

}  // namespace millrace
