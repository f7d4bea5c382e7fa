// expect: does not aggregate records
// lines: 10
#include "job.h"

struct Broken {
  using Accumulator = std::int64_t;
  Accumulator Create() const { return 0; }
  void Add(Accumulator& acc, const Reading&) const { ++acc; }
  Accumulator Result(const Accumulator& acc) const { return acc; }
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env).KeyBy(&Reading::sensor).Aggregate("n", Broken()).Print();
}
