#include "runtime/job_setup.h"

#include "millrace/storage/file_system.h"

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

Result<JobCheckpointOptions> CheckpointOptionsOf(const CheckpointOptions& options) {
  const auto where = LocateFiles(options.dir);
  if (!where.ok()) return where.status();
  JobCheckpointOptions checkpoints;
  checkpoints.policy.interval_nanos = options.interval_millis * 1000000;
  checkpoints.policy.retained = options.retained;
  checkpoints.folder = where.value().path;
  checkpoints.files = where.value().files;
  checkpoints.run = options.run;
  checkpoints.resume = true;
  if (options.unaligned) checkpoints.overtake_after = options.alignment_timeout_millis * 1000000;
  return checkpoints;
}

}  // namespace millrace
