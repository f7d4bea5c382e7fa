#include "runtime/job_report.h"

#include <algorithm>
#include <string>
#include <utility>

namespace millrace {
namespace {

void ReportOperator(Deployment& deployment, const PlanOperator& op, bool timed, JobResult* result) {
  OperatorReport report;
  report.name = op.name;
  report.parallelism = op.parallelism;
  report.timed = timed;
  for (const std::string& step : op.steps) report.steps.push_back({step, 0, 0});
  report.watermark = INT64_MAX;
  for (int s = 0; s < op.parallelism; ++s) {
    if (!deployment.Holds(s)) continue;
    const OperatorCounters& c = deployment.counters(op.id, s);
    report.in += c.in.value();
    report.out += c.out.value();
    report.filtered += c.filtered.value();
    report.late += c.late.value();
    report.skipped += c.errors_skipped.value();
    report.overdraft += c.overdraft.value();
    // The slowest subtask's: what the operator as a whole has reached.
    report.watermark = std::min(report.watermark, c.watermark.load(std::memory_order_relaxed));
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

}  // namespace

void ReportJob(LocalCluster& cluster, const FactoryRegistry& registry, JobResult* result) {
  Deployment& deployment = cluster.deployment();
  for (const PlanOperator& op : deployment.plan().operators)
    ReportOperator(deployment, op, registry.factory(op.id).OutputTimed(0), result);
  for (const PlanVertex& v : deployment.plan().vertices)
    result->vertices.push_back({v.name, 0, 0, 0, 0, 0, 0});
  for (Slot& slot : deployment.slots()) {
    for (const auto& task : slot.tasks()) {
      if (task != nullptr) ReportTask(*task, result);  // else it was about to be started again
    }
  }
  result->peak_memory = deployment.memory().peak();
}

void ReportRegions(const Deployment& deployment, const std::map<int, std::uint64_t>& restarts,
                   JobResult* result) {
  const Regions& regions = deployment.regions();
  for (const auto& [region, count] : restarts) {
    result->region_restarts.push_back({VerticesOf(deployment.plan(), regions, region),
                                       SubtaskOf(deployment.plan(), regions, region),
                                       regions.tasks(region).size(), regions.all_tasks(), count});
  }
}

v1::WorkerReport ToMessage(const JobResult& result) {
  v1::WorkerReport report;
  for (const OperatorReport& op : result.operators) {
    v1::OperatorCount& count = *report.add_operators();
    count.set_name(op.name);
    count.set_parallelism(op.parallelism);
    count.set_in(op.in);
    count.set_out(op.out);
    count.set_filtered(op.filtered);
    count.set_late(op.late);
    count.set_skipped(op.skipped);
    count.set_overdraft(op.overdraft);
    count.set_watermark(op.watermark);
    count.set_timed(op.timed);
    count.set_state_rows(op.state_rows);
    count.set_state_bytes(op.state_bytes);
    count.set_timers(op.timers);
    for (const OperatorReport::Step& step : op.steps) {
      v1::StepCount& s = *count.add_steps();
      s.set_name(step.name);
      s.set_in(step.in);
      s.set_out(step.out);
    }
  }
  for (const VertexReport& vertex : result.vertices) {
    v1::VertexTime& time = *report.add_vertices();
    time.set_name(vertex.name);
    time.set_busy(vertex.busy);
    time.set_idle(vertex.idle);
    time.set_blocked(vertex.blocked);
    time.set_runnable(vertex.runnable);
    time.set_longest_step(vertex.longest_step);
    time.set_longest_step_cpu(vertex.longest_step_cpu);
  }
  report.set_peak_memory(result.peak_memory);
  return report;
}

namespace {

void AddOperator(const v1::OperatorCount& from, OperatorReport* to) {
  to->name = from.name();
  to->parallelism = from.parallelism();
  to->in += from.in();
  to->out += from.out();
  to->filtered += from.filtered();
  to->late += from.late();
  to->skipped += from.skipped();
  to->overdraft += from.overdraft();
  to->timed = from.timed();
  to->watermark = std::min<std::int64_t>(to->watermark, from.watermark());
  to->state_rows += from.state_rows();
  to->state_bytes += from.state_bytes();
  to->timers += from.timers();
  to->steps.resize(static_cast<std::size_t>(from.steps_size()));
  for (int i = 0; i < from.steps_size(); ++i) {
    OperatorReport::Step& step = to->steps[static_cast<std::size_t>(i)];
    step.name = from.steps(i).name();
    step.in += from.steps(i).in();
    step.out += from.steps(i).out();
  }
}

void AddVertex(const v1::VertexTime& from, VertexReport* to) {
  to->name = from.name();
  to->busy += from.busy();
  to->idle += from.idle();
  to->blocked += from.blocked();
  to->runnable += from.runnable();
  to->longest_step = std::max(to->longest_step, from.longest_step());
  to->longest_step_cpu = std::max(to->longest_step_cpu, from.longest_step_cpu());
}

}  // namespace

void AddReport(const v1::WorkerReport& report, JobResult* result) {
  const bool first = result->operators.empty();
  result->operators.resize(static_cast<std::size_t>(report.operators_size()));
  result->vertices.resize(static_cast<std::size_t>(report.vertices_size()));
  for (int i = 0; i < report.operators_size(); ++i) {
    OperatorReport& op = result->operators[static_cast<std::size_t>(i)];
    op.watermark = first ? INT64_MAX : op.watermark;
    AddOperator(report.operators(i), &op);
  }
  for (int i = 0; i < report.vertices_size(); ++i)
    AddVertex(report.vertices(i), &result->vertices[static_cast<std::size_t>(i)]);
  result->peak_memory += report.peak_memory();
}

}  // namespace millrace
