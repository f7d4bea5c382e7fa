#include "millrace/api/environment.h"

#include <cstdio>
#include <cstdlib>

#include "api/metrics_text.h"
#include "api/options.h"
#include "api/recovery_options.h"

namespace millrace {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kSignalled = 128;  // 130 after Ctrl-C, 143 after SIGTERM

}  // namespace

struct StreamEnvironment::Settings {
  std::string program = "job";
  std::vector<std::string> arguments;
  JobOptions options;  // what the program set; arguments are laid over it
  int parallelism = 0;
  std::vector<std::string> errors;
  std::string executed;  // the job's name
};

StreamEnvironment::StreamEnvironment()
    : builder_(std::make_unique<GraphBuilder>()), settings_(std::make_unique<Settings>()) {
  builder_->SetRun([this](const std::string& job_name) { return Run(job_name).status; });
}

StreamEnvironment::StreamEnvironment(int argc, char** argv) : StreamEnvironment() {
  if (argc > 0) settings_->program = argv[0];
  for (int i = 1; i < argc; ++i) settings_->arguments.emplace_back(argv[i]);
  // Mistakes are reported by Execute, with the exit code for them; here options only come into force.
  (void)ParseArguments(settings_->arguments, &settings_->options);
}

StreamEnvironment::~StreamEnvironment() = default;

void StreamEnvironment::SetParallelism(int parallelism) {
  settings_->parallelism = internal::CheckedParallelism(*builder_, parallelism);
}

void StreamEnvironment::SetOption(const std::string& key, const std::string& value) {
  JobOptions set;
  if (Status s = millrace::SetOption(key, value, &set); !s.ok()) {
    settings_->errors.push_back(s.message());
    return;
  }
  (void)millrace::SetOption(key, value, &settings_->options);
  (void)ParseArguments(settings_->arguments, &settings_->options);
}

void StreamEnvironment::EnableCheckpointing(Duration interval, const std::string& dir) {
  SetOption("checkpoint.interval", std::to_string(interval.count()) + "ms");
  SetOption("checkpoint.dir", dir);
}

void StreamEnvironment::RestoreFrom(const std::string& path) {
  settings_->options.run.checkpoints.restore = path;
  (void)ParseArguments(settings_->arguments, &settings_->options);
}

Result<std::string> StreamEnvironment::Plan(const std::string& job_name) {
  if (!settings_->errors.empty()) return Status::InvalidArgument(settings_->errors.front());
  JobOptions parsed;
  MILLRACE_RETURN_IF_ERROR(ParseArguments(settings_->arguments, &parsed));
  const RunOptions& run = settings_->options.run;
  MILLRACE_RETURN_IF_ERROR(CheckRecoveryOptions(run.checkpoints, run.restart));
  if (!builder_->errors().empty())
    return Status::InvalidArgument("plan the job: " + builder_->errors().front());
  if (!settings_->executed.empty()) {
    return Status::InvalidArgument(
        "plan the job: '" + settings_->executed +
        "' was executed from this environment, and its streams are still in it; "
        "a second job needs a StreamEnvironment of its own");
  }
  settings_->executed = job_name.empty() ? "a job" : job_name;
  PlanOptions options;
  options.job_name = job_name;
  options.build_id = BuildId();
  options.default_parallelism = parsed.parallelism > 0       ? parsed.parallelism
                                : settings_->parallelism > 0 ? settings_->parallelism
                                                             : 1;
  Result<JobPlan> plan = BuildPlan(builder_->PlannedGraph(), options);
  if (!plan.ok()) return plan.status();
  return SerializePlan(plan.value());
}

JobResult StreamEnvironment::Run(const std::string& job_name) {
  Result<std::string> plan = Plan(job_name);
  if (!plan.ok()) {
    JobResult result;
    result.status = plan.status();
    return result;
  }
  if (settings_->options.run.isolated) {  // the records would be collected in another process
    JobResult result;
    result.status =
        Status::FailedPrecondition("run job '" + job_name +
                                   "': --isolated goes with Execute, not with Run or "
                                   "ExecuteAndCollect, whose results belong to this process");
    return result;
  }
  return JobRunner::Get().Run(plan.value(), *builder_, settings_->options.run);
}

int StreamEnvironment::Execute(const std::string& job_name) {
  const JobOptions& options = settings_->options;
  if (options.help) {
    std::fputs(HelpText(settings_->program).c_str(), stdout);
    return 0;
  }
  Result<std::string> plan = Plan(job_name);
  if (!plan.ok()) {
    std::fprintf(stderr, "%s: %s\n", settings_->program.c_str(), plan.status().message().c_str());
    return kUsage;
  }
  if (options.explain) {
    const Result<JobPlan> parsed = ParsePlan(plan.value());
    std::fputs(Explain(parsed.value(), options.explain_format).c_str(), stdout);
    return 0;
  }
  RunOptions run = options.run;
  run.supervised = true;
  const JobResult result = JobRunner::Get().Run(plan.value(), *builder_, run);
  const int code =
      result.worker_exit_code.has_value() ? *result.worker_exit_code : Report(job_name, result);
  if (!result.in_worker) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

int StreamEnvironment::Report(const std::string& job_name, const JobResult& result) const {
  const JobOptions& options = settings_->options;
  if (options.metrics) {
    const std::string text = options.metrics_json ? MetricsJson(result) : MetricsText(result);
    std::fputs(text.c_str(), stderr);
  }
  if (result.cancelled) {
    std::fprintf(stderr, "job '%s' was cancelled after %.1f s\n%s", job_name.c_str(),
                 result.seconds, options.metrics ? "" : MetricsText(result).c_str());
    return kSignalled + result.signal;
  }
  if (!result.status.ok()) {
    std::fprintf(stderr, "job '%s' failed: %s\n", job_name.c_str(),
                 result.status.message().c_str());
    return result.status.code() == StatusCode::kInvalidArgument ? kUsage : kFailed;
  }
  return 0;
}

}  // namespace millrace
