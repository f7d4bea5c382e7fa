#pragma once

// What the cases share: two records, one that nobody has described, and streams of them. A case includes
// millrace/millrace.h itself, first, as a user would.

struct Reading {
  std::string sensor;
  std::int64_t time_ms;
  double value;
};
MILLRACE_RECORD(Reading, sensor, time_ms, value);

struct Alarm {
  std::string sensor;
  std::int64_t level;
};
MILLRACE_RECORD(Alarm, sensor, level);

struct Undescribed {
  std::int64_t number;
};

inline auto Readings(millrace::StreamEnvironment& env) {
  using millrace::Duration;
  return env.FromCollection(
      "readings", std::vector<Reading>{},
      millrace::WatermarkStrategy<Reading>::BoundedOutOfOrderness(Duration(1000))
          .WithTimestamp(&Reading::time_ms, millrace::Unit::kMilliseconds));
}
inline auto Alarms(millrace::StreamEnvironment& env) {
  return env.FromCollection("alarms", std::vector<Alarm>{});
}
inline auto KeyedReadings(millrace::StreamEnvironment& env) {
  return Readings(env).KeyBy(&Reading::sensor);
}
inline auto ReadingWindows(millrace::StreamEnvironment& env) {
  return KeyedReadings(env).Window(millrace::TumblingEventTime(millrace::Duration(5000)));
}
