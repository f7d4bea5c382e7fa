#pragma once

#include <string>

#include "millrace/graph/plan.h"

namespace millrace {

enum class ExplainFormat { kText, kJson, kDot };

/// A plan for people (`--explain`), for programs (`--explain=json`) or for Graphviz (`--explain=dot`).
std::string Explain(const JobPlan& plan, ExplainFormat format);

/// The GNU build id of the running executable in hex; "" when it was linked without one.
std::string BuildId();

}  // namespace millrace
