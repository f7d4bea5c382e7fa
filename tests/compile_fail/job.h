#pragma once

#include "millrace/millrace.h"

/// What every case starts from.
struct Reading {
  std::string sensor;
  std::int64_t time_ms;
  double value;
};
MILLRACE_RECORD(Reading, sensor, time_ms, value);

struct Alarm {
  std::string text;
  std::int64_t level;
};
MILLRACE_RECORD(Alarm, text, level);

inline auto Readings(millrace::StreamEnvironment& env) {
  return env.FromCollection("readings", std::vector<Reading>{});
}
