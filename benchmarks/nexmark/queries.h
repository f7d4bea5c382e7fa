#pragma once

#include <string>

#include "benchmarks/nexmark/generator.h"
#include "benchmarks/nexmark/sinks.h"
#include "benchmarks/support/pace.h"
#include "millrace/millrace.h"

namespace nexmark {

struct QueryConfig {
  GeneratorConfig generator;
  int splits = 1;
  millrace::PaceSettings pace;
};

/// Builds query `name` into `env`. False when there is no such query.
template <class Sink>
bool BuildQuery(const std::string& name, const QueryConfig& config,
                millrace::StreamEnvironment& env, const Sink& sink);

extern template bool BuildQuery(const std::string&, const QueryConfig&,
                                millrace::StreamEnvironment&, const RingSink&);
extern template bool BuildQuery(const std::string&, const QueryConfig&,
                                millrace::StreamEnvironment&, const CheckSink&);

// Families in files of their own: joins.cc, winning_bids.cc, top_n.cc. For both sinks.
template <class Sink>
void Q3(const QueryConfig& config, millrace::StreamEnvironment& env, const Sink& sink);
template <class Sink>
void Q4(const QueryConfig& config, millrace::StreamEnvironment& env, const Sink& sink);
template <class Sink>
void Q9(const QueryConfig& config, millrace::StreamEnvironment& env, const Sink& sink);
template <class Sink>
void Q18(const QueryConfig& config, millrace::StreamEnvironment& env, const Sink& sink);
template <class Sink>
void Q19(const QueryConfig& config, millrace::StreamEnvironment& env, const Sink& sink);
template <class Sink>
void Q20(const QueryConfig& config, millrace::StreamEnvironment& env, const Sink& sink);

}  // namespace nexmark
