// expect: millrace: FromSource
// lines: 10
#include "job.h"

struct Empty {
  using Record = Reading;
};

void Job(millrace::StreamEnvironment& env) {
  env.FromSource("s", Empty()).Print();
}
