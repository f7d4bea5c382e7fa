#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/api/job_runner.h"
#include "millrace/graph/plan.h"
#include "runtime/isolated_job.h"
#include "runtime/local/local_job.h"
#include "runtime/local/supervisor.h"
#include "runtime/run_name.h"
#include "src/base/crash_report.h"

namespace millrace {
namespace {

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

void ReportOperator(Deployment& deployment, const PlanOperator& op, bool timed, JobResult* result) {
  OperatorReport report;
  report.name = op.name;
  report.parallelism = op.parallelism;
  report.timed = timed;
  for (const std::string& step : op.steps) report.steps.push_back({step, 0, 0});
  for (int s = 0; s < op.parallelism; ++s) {
    const OperatorCounters& c = deployment.counters(op.id, s);
    report.in += c.in.value();
    report.out += c.out.value();
    report.filtered += c.filtered.value();
    report.late += c.late.value();
    report.skipped += c.errors_skipped.value();
    report.overdraft += c.overdraft.value();
    // The slowest subtask's: what the operator as a whole has reached.
    const std::int64_t watermark = c.watermark.load(std::memory_order_relaxed);
    report.watermark = s == 0 ? watermark : std::min(report.watermark, watermark);
    for (std::size_t i = 0; i < c.steps.size(); ++i) {
      report.steps[i].in += c.steps[i]->in.value();
      report.steps[i].out += c.steps[i]->out.value();
    }
  }
  // A Map does not count: as many leave it as come into the step behind it.
  for (std::size_t i = report.steps.size(); i-- > 0;) {
    OperatorReport::Step& step = report.steps[i];
    if (step.in == 0 && step.out == 0)
      step.in = step.out = i + 1 < report.steps.size() ? report.steps[i + 1].in : report.out;
  }
  result->operators.push_back(std::move(report));
}

void ReportTask(Task& task, JobResult* result) {
  for (VertexReport& v : result->vertices) {
    if (v.name != task.name()) continue;
    v.busy += static_cast<double>(task.times().busy.value()) / 1e9;
    v.idle += static_cast<double>(task.times().idle.value()) / 1e9;
    v.blocked += static_cast<double>(task.times().blocked.value()) / 1e9;
    v.runnable += static_cast<double>(task.times().runnable.value()) / 1e9;
    v.longest_step =
        std::max(v.longest_step, static_cast<double>(task.times().longest_step.value()) / 1e9);
    v.longest_step_cpu = std::max(v.longest_step_cpu,
                                  static_cast<double>(task.times().longest_step_cpu.value()) / 1e9);
    break;
  }
  for (std::size_t i = 0; i < task.operators(); ++i) {
    const Task::StateUse use = task.state_use(i);
    for (OperatorReport& op : result->operators) {
      if (op.name != task.operator_name(i)) continue;
      op.state_rows += use.rows;
      op.state_bytes += use.bytes;
      op.timers += use.timers;
    }
  }
}

void Report(LocalCluster& cluster, const FactoryRegistry& registry, JobResult* result) {
  Deployment& deployment = cluster.deployment();
  for (const PlanOperator& op : deployment.plan().operators)
    ReportOperator(deployment, op, registry.factory(op.id).OutputTimed(0), result);
  for (const PlanVertex& v : deployment.plan().vertices)
    result->vertices.push_back({v.name, 0, 0, 0, 0, 0, 0});
  for (Slot& slot : deployment.slots()) {
    for (const auto& task : slot.tasks()) ReportTask(*task, result);
  }
  result->peak_memory = deployment.memory().peak();
}

/// A job with checkpoints that says nothing else is started again, as in Flink; not where time is made up.
RestartSettings RestartOf(const RunOptions& options) {
  RestartSettings settings = options.restart;
  if (settings.kind == RestartSettings::Kind::kDefault && !options.seeded)
    settings.kind = RestartSettings::Kind::kExponentialDelay;
  return settings;
}

LocalJobOptions JobOptionsOf(const RunOptions& options, const std::string& run,
                             ManualClock* manual) {
  LocalJobOptions job;
  job.deployment.clock = options.seeded ? static_cast<const Clock*>(manual) : &SystemClock::Get();
  job.deployment.serialized = options.serialized;
  job.deployment.batch_rows = options.batch_rows;
  job.deployment.memory = options.memory;
  job.deployment.measure_steps = options.measure_steps;
  job.deployment.run = run;
  job.restart = RestartOf(options);
  job.manual = options.seeded ? manual : nullptr;
  job.seed = options.seed;
  job.crash_after = options.crash_after;
  return job;
}

/// The local personality: the serialized plan on an embedded cluster.
class LocalRunner final : public JobRunner {
 public:
  JobResult Run(const std::string& bytes, const GraphBuilder& job,
                const RunOptions& options) override {
    SetLogLevel(options.log_level);
    if (!options.isolated) return RunHere(bytes, job, options);
    const int number = isolated_jobs_++;
    const std::optional<WorkerOrder>& order = ThisWorkersOrder();
    if (!order.has_value()) return RunInWorker(bytes, number);
    JobResult result;
    if (number < order->job) {  // another worker's
      result.worker_exit_code = 0;
      return result;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker without its parent has nobody to work for
    ReportCrashesTo(order->report_fd);
    if (PlanHash(bytes) == order->plan_hash) {
      result = RunHere(bytes, job, options);
    } else {
      result.status = Status::InvalidArgument(
          "main has built another plan in the worker process than before: a job's graph, "
          "names and parallelism must not depend on time, chance or the environment");
    }
    result.in_worker = true;
    return result;
  }

 private:
  JobResult RunHere(const std::string& bytes, const GraphBuilder& job, const RunOptions& options) {
    JobResult result;
    const Result<JobPlan> plan = ParsePlan(bytes);
    if (!plan.ok()) {
      result.status = plan.status();
      return result;
    }
    result.warnings = plan.value().warnings;
    if (options.supervised) {
      for (const std::string& warning : result.warnings)
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    const BuilderRegistry registry(job);
    ManualClock manual(1700000000000);
    const std::string run = options.run.empty() ? NewRunName() : options.run;
    const LocalJobOptions job_options = JobOptionsOf(options, run, &manual);
    const auto fits = PlanBatchesOf(plan.value(), registry, job_options.deployment);
    result.status = fits.status();
    if (!fits.ok()) return result;
    std::unique_ptr<JobRecovery> recovery;
    if (options.checkpoints.interval_nanos > 0) {
      auto opened =
          JobRecovery::Open(options.checkpoints, run, &plan.value(), job_options.deployment.clock);
      result.status = opened.status();
      if (!opened.ok()) return result;
      recovery = std::move(opened).value();
    }
    LocalJob local(&plan.value(), &registry, job_options, recovery.get());
    RunSupervised(local, options, &result);
    if (recovery != nullptr) {
      result.has_checkpoints = true;
      result.checkpoints = recovery->history();
    }
    if (local.cluster() != nullptr) Report(*local.cluster(), registry, &result);
    return result;
  }
  static void RunSupervised(LocalJob& job, const RunOptions& options, JobResult* result) {
    const std::int64_t began = SystemClock::Get().NowNanos();
    const std::optional<WorkerOrder>& order = ThisWorkersOrder();
    std::optional<Supervisor> supervisor;
    if (options.supervised)
      supervisor.emplace(&job, order ? std::optional(order->parent) : std::nullopt);
    result->status = job.Run();
    if (supervisor.has_value()) result->signal = supervisor->Finish();
    result->seconds = static_cast<double>(SystemClock::Get().NowNanos() - began) / 1e9;
    result->cancelled = job.cancelled();
    result->restarts = job.restarts();
  }

  int isolated_jobs_ = 0;
};

}  // namespace

JobRunner& JobRunner::Get() {
  static LocalRunner runner;
  return runner;
}

}  // namespace millrace
