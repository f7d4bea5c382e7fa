#include "runtime/job_setup.h"

#include <cstdio>

namespace millrace {

void SayWarnings(const std::vector<std::string>& warnings, const RunOptions& options) {
  if (!options.supervised) return;
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
}

DeploymentOptions DeploymentOptionsOf(const RunOptions& options) {
  DeploymentOptions deployment;
  deployment.clock = &SystemClock::Get();
  deployment.serialized = options.serialized;
  deployment.batch_rows = options.batch_rows;
  deployment.memory = options.memory;
  deployment.measure_steps = options.measure_steps;
  return deployment;
}

RestartSettings RestartOf(const RunOptions& options) {
  RestartSettings settings = options.restart;
  if (settings.kind == RestartSettings::Kind::kDefault && !options.seeded)
    settings.kind = RestartSettings::Kind::kExponentialDelay;
  return settings;
}

}  // namespace millrace
