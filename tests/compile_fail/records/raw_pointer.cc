// expect: can't be serialized
// lines: 10
#include "job.h"

struct Node {
  std::int64_t id;
  Node* next;
};
MILLRACE_RECORD(Node, id, next);

void Job(millrace::StreamEnvironment& env) {
  env.FromCollection("n", std::vector<Node>{}).Print();
}
