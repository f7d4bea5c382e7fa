#pragma once

#include <map>
#include <string>

#include "millrace/millrace.h"

/// What MODE says the job does; each builds one pipeline.
using Modes = std::map<std::string, void (*)(millrace::StreamEnvironment&)>;

void AddPlanErrors(Modes& modes);
void AddUserErrors(Modes& modes);
void AddOperatorErrors(Modes& modes);
void AddConnectorErrors(Modes& modes);
void AddTimes(Modes& modes);
void AddMemory(Modes& modes);
void AddCheckpoints(Modes& modes);

struct Reading {
  std::string id;
  std::int64_t time = 0;
  double value = 0;
};
MILLRACE_RECORD(Reading, id, time, value);

inline std::vector<int> OneToTen() {
  return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
}
inline auto Numbers(millrace::StreamEnvironment& env) {
  return env.FromCollection("numbers", OneToTen());
}
/// The numbers at their own milliseconds.
inline auto TimedNumbers(millrace::StreamEnvironment& env) {
  return env.FromCollection("numbers", OneToTen(),
                            millrace::WatermarkStrategy<int>::Monotonous().WithTimestamp(
                                [](int n) { return n; }, millrace::Unit::kMilliseconds));
}
inline void Blackhole(auto stream) {
  std::move(stream).SinkTo("out", millrace::BlackholeSink{});
}
/// The path that ARGUMENT gives.
std::string Argument();
