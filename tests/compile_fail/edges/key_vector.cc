// expect: millrace: KeyBy
// lines: 10
#include "job.h"

struct List {
  std::vector<double> items;
};
MILLRACE_RECORD(List, items);

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("l", std::vector<List>{})
      .KeyBy(&List::items)
      .Aggregate("n", millrace::Count())
      .Print();
}
