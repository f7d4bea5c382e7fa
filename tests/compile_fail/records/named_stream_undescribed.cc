// expects: millrace: a named stream: the record (T) can't be serialized: MILLRACE_RECORD(T, fields...)
// types: T = Row
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Row {
  std::int64_t number;
};
#ifdef FIXED
MILLRACE_RECORD(Row, number);
#endif

void Job(millrace::StreamEnvironment& env) {
  auto all = env.FromCollection("all", std::vector<Row>{});
  all.Map([](const Row& row) { return row.number; }).Print();
}
