// expect: can't be serialized
// lines: 10
#include "job.h"

struct Word {
  std::string text;
};

void Job(millrace::StreamEnvironment& env) {
  Readings(env).Map([](const Reading& r) { return Word{r.sensor}; }).Print();
}
