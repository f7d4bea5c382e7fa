// expects: millrace: MILLRACE_RECORD: a field's type (M) can't be serialized: see io/record_types.h
// types: M = Undescribed; T = Row
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Row {
  std::string name;
#ifdef FIXED
  Alarm field;
#else
  Undescribed field;
#endif
};
MILLRACE_RECORD(Row, name, field);

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<Row>{}).Rebalance().Print();
}
