// expects: millrace: state: a Protobuf message (T): include millrace/protobuf.h
// types: T = google::protobuf::StringValue
#include "millrace/millrace.h"
#include "tests/compile_fail/messages.h"
#include "tests/compile_fail/readings.h"
#ifdef FIXED
#include "millrace/protobuf.h"
#endif

struct Last : millrace::KeyedProcessFunction<std::string, Reading, double> {
  millrace::ValueState<google::protobuf::StringValue> last{this, "last"};
  void ProcessElement(const Reading&, Context&, millrace::Collector<double>&) { last.Clear(); }
};

void Job(millrace::StreamEnvironment& env) {
  KeyedReadings(env).Process("last", Last()).Print();
}
