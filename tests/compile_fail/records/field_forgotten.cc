// expects: millrace: MILLRACE_RECORD: a field of the struct is not named
// types: Row
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Row {
  std::string name;
  double value;
};
#ifdef FIXED
MILLRACE_RECORD(Row, name, value);
#else
MILLRACE_RECORD(Row, name);
#endif
