// expects: millrace: Aggregate: Agg needs a type Accumulator and Accumulator Create() const
// types: Agg = Mean; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Mean {
  using Accumulator = std::pair<double, std::int64_t>;
#ifdef FIXED
  Accumulator Create() const { return {}; }
#endif
  void Add(Accumulator& acc, const Reading& r) const {
    acc.first += r.value;
    ++acc.second;
  }
  void Merge(Accumulator& acc, const Accumulator& other) const {
    acc.first += other.first;
    acc.second += other.second;
  }
  double Result(const Accumulator& acc) const {
    return acc.first / static_cast<double>(acc.second);
  }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Aggregate("mean", Mean()).Print();
}
