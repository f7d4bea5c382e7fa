#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/base/time.h"

namespace millrace {

/// A folder for each hour or day, in UTC, for a file sink's Buckets: "2026-11-26--11", "2026-11-26". Made by EventTimeHours()
/// and its like. (Flink: DateTimeBucketAssigner, which takes processing time in the machine's zone)
class TimeBuckets {
 public:
  static constexpr std::int64_t kHour = 3600 * 1000;
  static constexpr std::int64_t kDay = 24 * kHour;

  TimeBuckets(bool event_time, std::int64_t millis) : event_time_(event_time), millis_(millis) {}

  /// Of the record's time; else of the clock's when it is written.
  bool event_time() const { return event_time_; }
  /// A view that is valid until the next call. Throws FileError for a record without a time.
  std::string_view NameOf(EventTime time) {
    if (time.millis() < begin_ || time.millis() >= end_) [[unlikely]]
      Enter(time);
    return name_;
  }

 private:
  void Enter(EventTime time);

  bool event_time_;
  std::int64_t millis_;
  std::int64_t begin_ = 0, end_ = 0;  // of the bucket last asked for; none yet
  std::string name_;
};

/// By the record's event time, whenever it comes.
inline TimeBuckets EventTimeHours() {
  return {true, TimeBuckets::kHour};
}
inline TimeBuckets EventTimeDays() {
  return {true, TimeBuckets::kDay};
}
/// By the time of day at which the record is written. Not repeatable: a job that recovers may put it into a later one.
inline TimeBuckets ProcessingTimeHours() {
  return {false, TimeBuckets::kHour};
}
inline TimeBuckets ProcessingTimeDays() {
  return {false, TimeBuckets::kDay};
}

}  // namespace millrace
