#pragma once

#include <string>
#include <vector>

#include "millrace/api/job_runner.h"
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

/// The plan's warnings on stderr, when a person has started the job.
void SayWarnings(const std::vector<std::string>& warnings, const RunOptions& options);
/// What the options say about a deployment; its clock and what belongs to this process are the caller's.
DeploymentOptions DeploymentOptionsOf(const RunOptions& options);
/// A job with checkpoints that says nothing else is started again, as in Flink; not where time is made up.
RestartSettings RestartOf(const RunOptions& options);

}  // namespace millrace
