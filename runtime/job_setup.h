#pragma once

#include "millrace/api/job_runner.h"
#include "runtime/checkpoint/job_checkpoints.h"
#include "runtime/local/deployment.h"

namespace millrace {

/// The API's side of a job, as the runtime asks for it.
class BuilderRegistry final : public FactoryRegistry {
 public:
  explicit BuilderRegistry(const GraphBuilder& job) : job_(job) {}
  const OperatorFactory& factory(int op) const override { return job_.factory(op); }
  PortEdgeFactory* port_factory(int op, int input) const override {
    return job_.port_factory(op, static_cast<std::size_t>(input));
  }

 private:
  const GraphBuilder& job_;
};

/// What the options say about a deployment; its clock and what belongs to this process are the caller's.
DeploymentOptions DeploymentOptionsOf(const RunOptions& options);
/// What the options say about checkpoints, when they are taken. An error when the folder's name leads to no file system.
Result<JobCheckpointOptions> CheckpointOptionsOf(const CheckpointOptions& options);

}  // namespace millrace
