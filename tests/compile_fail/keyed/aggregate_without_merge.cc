// expects: millrace: Aggregate: Agg needs void Merge(Accumulator&, const Accumulator&) const
// types: Agg = Mean; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Mean {
  using Accumulator = std::pair<double, std::int64_t>;
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const Reading& r) const {
    acc.first += r.value;
    ++acc.second;
  }
#ifdef FIXED
  void Merge(Accumulator& acc, const Accumulator& other) const {
    acc.first += other.first;
    acc.second += other.second;
  }
#endif
  double Result(const Accumulator& acc) const {
    return acc.first / static_cast<double>(acc.second);
  }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Aggregate("mean", Mean()).Print();
}
