// The job of all features as a program that is killed from outside: chaos_job all_features FOLDER RECORDS RATE UNTIL
// [arguments of a job].
#include <algorithm>
#include <string>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/runner/job_order.h"
#include "tests/chaos/runner/job_rules.h"

int main(int argc, char** argv) {
  using namespace millrace::chaos;
  JobOrder order;
  if (!order.Take(&argc, &argv)) return 2;
  Shape shape;
  shape.records = order.records;
  shape.rate = order.rate;
  shape.until = order.until;
  millrace::StreamEnvironment env(argc, argv);
  Build(env, shape, [&](const std::string& name) -> LineSink {
    const auto sink = millrace::TextFileSink(order.folder + "/" + name)
                          .RollAt(std::max<std::int64_t>(2000, order.records / 3));
    if (name.size() % 2 == 0) return sink;
    return sink.Buckets(&BucketOfRow);
  });
  return env.Execute("chaos");
}
