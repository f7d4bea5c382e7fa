// A test of a job, without a test framework: an operator in a harness, then a whole job under both drivers.
#include <cstdio>

#include "millrace/testing/testing.h"

struct Greeting {
  std::string word;
  std::int64_t length = 0;
};
MILLRACE_RECORD(Greeting, word, length);

int failures = 0;
void Expect(bool ok, const char* what) {
  if (ok) return;
  std::printf("not so: %s\n", what);
  ++failures;
}

auto CountWords(millrace::DataStream<Greeting> in) {
  return std::move(in).KeyBy(&Greeting::word).Aggregate("count", millrace::Count());
}

int main() {
  auto h = millrace::testing::Harness<Greeting>(CountWords);
  h.Push({"hello", 5});
  h.Push({"hello", 5});
  Expect(h.Outputs().size() == 2 && h.Outputs()[1].record.value == 2,
         "the second hello is the second");
  Expect(h.StateRows() == 1, "one key has state");
  for (const auto& cluster : millrace::testing::TestCluster::BothDrivers()) {
    const auto counts = cluster.Collect([](millrace::StreamEnvironment& env) {
      return CountWords(env.FromCollection(
          "greetings", std::vector<Greeting>{{"hello", 5}, {"world", 5}, {"hello", 5}}));
    });
    Expect(counts.ok() && counts.value().size() == 3, cluster.ToString().c_str());
  }
  return failures == 0 ? 0 : 1;
}
