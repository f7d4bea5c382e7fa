#include "runtime/job_setup.h"

namespace millrace {

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
