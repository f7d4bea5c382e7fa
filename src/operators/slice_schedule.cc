#include "millrace/operators/window/slice_schedule.h"

#include <numeric>

#include "millrace/base/check.h"

namespace millrace {

SliceSchedule::SliceSchedule(const SliceWindows& windows)
    : size_(windows.size.count()), slide_(windows.slide.count()) {
  MILLRACE_CHECK(size_ > 0 && slide_ > 0, "windows are checked where they are declared");
  offset_ = ((windows.offset.count() % slide_) + slide_) % slide_;
  pane_ = std::gcd(size_, slide_);
}

std::int64_t SliceSchedule::LastEnd(std::int64_t pane_start) const {
  return EventTime::FloorDiv(pane_start - offset_, slide_) * slide_ + offset_ + size_;
}

std::int64_t SliceSchedule::FirstEnd(std::int64_t pane_start) const {
  return NextEnd(pane_start + pane_ - 1);
}

std::int64_t SliceSchedule::NextEnd(std::int64_t time) const {
  // ends are offset + size + n * slide
  const std::int64_t base = offset_ + size_;
  return (EventTime::FloorDiv(time - base, slide_) + 1) * slide_ + base;
}

}  // namespace millrace
