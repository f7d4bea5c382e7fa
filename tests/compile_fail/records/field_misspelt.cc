// expects: millrace: MILLRACE_RECORD: names what is no public field of the struct (T)
// types: T = Row
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Row {
  std::string name;
  double value;
};
#ifdef FIXED
MILLRACE_RECORD(Row, name, value);
#else
MILLRACE_RECORD(Row, name, vlaue);
#endif

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<Row>{})
      .KeyBy(&Row::name)
      .Aggregate("n", millrace::Count())
      .Print();
}
