// expects: millrace: KeyBy: the key (K) is a Protobuf message or foreign type: key by its fields
// types: K = google::protobuf::StringValue
#include "millrace/millrace.h"
#include "millrace/protobuf.h"
#include "tests/compile_fail/messages.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("all", std::vector<google::protobuf::StringValue>{})
#ifdef FIXED
      .KeyBy([](const google::protobuf::StringValue& v) { return v.value(); })
#else
      .KeyBy([](const google::protobuf::StringValue& v) { return v; })
#endif
      .Aggregate("count", millrace::Count())
      .Print();
}
