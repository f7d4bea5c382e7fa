// expects: millrace: SinkTo: the sink (Sink) does not write the stream's records (T)
// types: Sink = millrace::FileSink<millrace::TextFormat, Job(millrace::StreamEnvironment&)::<lambda(const Alarm&)> >; T = Reading
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

void Job(millrace::StreamEnvironment& env) {
  Readings(env).SinkTo("all",
#ifdef FIXED
                       millrace::TextFileSink("out").Buckets([](const Reading&) { return "a"; }));
#else
                       millrace::TextFileSink("out").Buckets([](const Alarm&) { return "a"; }));
#endif
}
