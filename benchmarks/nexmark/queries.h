#pragma once

#include <string>

#include "benchmarks/nexmark/generator.h"
#include "benchmarks/nexmark/sinks.h"
#include "millrace/millrace.h"

namespace nexmark {

/// Builds query `name` into `env`. False when there is no such query. One definition a file, q<N>.cc, for each sink.
struct QueryConfig {
  GeneratorConfig generator;
  int splits = 1;
};
template <class Sink>
bool BuildQuery(const std::string& name, const QueryConfig& config,
                millrace::StreamEnvironment& env, const Sink& sink);

extern template bool BuildQuery(const std::string&, const QueryConfig&,
                                millrace::StreamEnvironment&, const RingSink&);
extern template bool BuildQuery(const std::string&, const QueryConfig&,
                                millrace::StreamEnvironment&, const CheckSink&);

}  // namespace nexmark
