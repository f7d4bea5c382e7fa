#pragma once

#include <string>

#include "millrace/api/job_runner.h"

namespace millrace {

/// `--metrics`: a table for people, or one JSON object.
std::string MetricsText(const JobResult& result);
std::string MetricsJson(const JobResult& result);

}  // namespace millrace
