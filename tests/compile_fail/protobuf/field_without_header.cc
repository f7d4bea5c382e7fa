// expects: millrace: MILLRACE_RECORD: a Protobuf message (M): include millrace/protobuf.h
// types: M = google::protobuf::StringValue; T = Row
#include "millrace/millrace.h"
#include "tests/compile_fail/messages.h"
#include "tests/compile_fail/readings.h"
#ifdef FIXED
#include "millrace/protobuf.h"
#endif

struct Row {
  std::string name;
  google::protobuf::StringValue value;
};
MILLRACE_RECORD(Row, name, value);

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<Row>{}).Rebalance().Print();
}
