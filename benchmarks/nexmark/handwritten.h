#pragma once

#include <string>

#include "benchmarks/nexmark/generator.h"
#include "benchmarks/nexmark/sinks.h"

namespace nexmark {

/// Runs a query as a hand-written single-thread loop over the same generator, into the same sinks; nothing of the engine
/// is used but the row types. False when there is no such query.
template <class Writer>
bool RunByHand(const std::string& query, const GeneratorConfig& config, Writer& out);

extern template bool RunByHand(const std::string&, const GeneratorConfig&, RingSink::Writer&);
extern template bool RunByHand(const std::string&, const GeneratorConfig&, CheckSink::Writer&);

}  // namespace nexmark
