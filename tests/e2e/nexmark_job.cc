// A Nexmark query as a job with every option of jobs. NEXMARK="q5 100000 2000" says which: query, events, tps. Each
// writer of the sink prints "rows checksum" of its part of the result; both add up over the writers.
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "benchmarks/nexmark/queries.h"

int main(int argc, char** argv) {
  const char* order = std::getenv("NEXMARK");
  std::istringstream in(order == nullptr ? "" : order);
  std::string query;
  nexmark::QueryConfig config;
  in >> query >> config.generator.max_events >> config.generator.tps;
  millrace::StreamEnvironment env(argc, argv);
  nexmark::CheckSink sink;
  sink.shared->print = true;
  if (in.fail() || !nexmark::BuildQuery(query, config, env, sink)) {
    std::fprintf(stderr, "nexmark_job: NEXMARK is not 'QUERY EVENTS TPS' of a query that exists\n");
    return 2;
  }
  return env.Execute(query);
}
