// expects: millrace: MILLRACE_RECORD: a field's type (M) can't be serialized: see io/record_types.h
// types: std::basic_string_view<char>; T = Row
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Row {
  std::string name;
#ifdef FIXED
  millrace::String field;
#else
  std::string_view field;
#endif
};
MILLRACE_RECORD(Row, name, field);

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<Row>{}).Rebalance().Print();
}
