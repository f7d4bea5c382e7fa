// expects: millrace: MILLRACE_RECORD: names what is no public field of the struct (T)
// types: T = Row
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

class Row {
 public:
  std::string name;
#ifndef FIXED
 private:
#endif
  double value = 0;
};
MILLRACE_RECORD(Row, name, value);

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<Row>{})
      .KeyBy(&Row::name)
      .Aggregate("n", millrace::Count())
      .Print();
}
