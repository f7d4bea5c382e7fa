#include "millrace/connectors/time_buckets.h"

#include "millrace/connectors/text_files.h"

namespace millrace {

void TimeBuckets::Enter(EventTime time) {
  if (time < kMinTimestamp || time > kMaxTimestamp) {
    throw FileError(
        "choose a bucket by event time: the record has none; give the source a "
        "WatermarkStrategy, or use ProcessingTimeHours()");
  }
  begin_ = EventTime::FloorDiv(time.millis(), millis_) * millis_;
  end_ = begin_ + millis_;
  const std::string text = EventTime::FromMillis(begin_).ToString();  // 2026-11-26T11:00:00.000Z
  name_ = text.substr(0, 10);
  if (millis_ == kHour) name_ += "--" + text.substr(11, 2);
}

}  // namespace millrace
