#pragma once

#include <cstdint>
#include <map>

#include "millrace/api/job_runner.h"
#include "millrace/v1/worker.pb.h"
#include "runtime/local/local_cluster.h"

namespace millrace {

/// Fills in what the job's operators and tasks here have done. After its end.
void ReportJob(LocalCluster& cluster, const FactoryRegistry& registry, JobResult* result);
/// How often regions were started again alone: `restarts`, by region.
void ReportRegions(const Deployment& deployment, const std::map<int, std::uint64_t>& restarts,
                   JobResult* result);

/// A worker's part, for its master, which adds the parts up.
v1::WorkerReport ToMessage(const JobResult& result);
void AddReport(const v1::WorkerReport& report, JobResult* result);

}  // namespace millrace
