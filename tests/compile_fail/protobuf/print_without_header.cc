// expects: millrace: Print: (T) is, or holds, a Protobuf message: include millrace/protobuf.h
// types: T = google::protobuf::StringValue
#include "millrace/millrace.h"
#include "tests/compile_fail/messages.h"
#include "tests/compile_fail/readings.h"
#ifdef FIXED
#include "millrace/protobuf.h"
#endif

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<google::protobuf::StringValue>{}).Print();
}
