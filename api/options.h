#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "millrace/api/job_runner.h"
#include "millrace/base/status.h"
#include "millrace/graph/explain.h"

namespace millrace {

/// What a job's command line says.
struct JobOptions {
  RunOptions run;
  int parallelism = 0;  // 0: not given
  bool help = false;
  bool explain = false;
  ExplainFormat explain_format = ExplainFormat::kText;
  bool metrics = false;
  bool metrics_json = false;
};

/// Parses arguments (without the program's name). INVALID_ARGUMENT names the argument and the nearest known one.
Status ParseArguments(const std::vector<std::string>& arguments, JobOptions* options);
/// One `-D key=value`.
Status SetOption(std::string_view key, std::string_view value, JobOptions* options);
std::string HelpText(std::string_view program);

}  // namespace millrace
