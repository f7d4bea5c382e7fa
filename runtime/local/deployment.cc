#include "runtime/local/deployment.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "millrace/base/check.h"
#include "millrace/operators/user_error.h"

namespace millrace {

std::vector<int> TargetsOf(Partitioning partitioning, int subtask, int producers, int consumers) {
  std::vector<int> targets;
  switch (partitioning) {
    case Partitioning::kForward:
      targets.push_back(subtask);
      break;
    case Partitioning::kGlobal:
      targets.push_back(0);
      break;
    case Partitioning::kRescale:
      if (producers >= consumers) {
        targets.push_back(static_cast<int>(std::int64_t{subtask} * consumers / producers));
        break;
      }
      for (int c = 0; c < consumers; ++c) {
        if (static_cast<int>(std::int64_t{c} * producers / consumers) == subtask)
          targets.push_back(c);
      }
      break;
    case Partitioning::kHash:
    case Partitioning::kRebalance:
    case Partitioning::kBroadcast:
    case Partitioning::kCustom:
      for (int c = 0; c < consumers; ++c) targets.push_back(c);
      break;
  }
  return targets;
}

Result<BatchBudget> PlanBatchesOf(const JobPlan& plan, const FactoryRegistry& registry,
                                  const DeploymentOptions& options) {
  std::vector<EdgeChannels> edges;
  for (const PlanEdge& edge : plan.edges) {
    if (edge.chained) continue;
    const std::int64_t from = plan.operators[static_cast<std::size_t>(edge.from)].parallelism;
    const std::int64_t to = plan.operators[static_cast<std::size_t>(edge.to)].parallelism;
    EdgeChannels channels;
    switch (edge.partitioning) {
      case Partitioning::kForward:
      case Partitioning::kGlobal:
        channels.channels = from;
        break;
      case Partitioning::kRescale:
        channels.channels = std::max(from, to);
        break;
      default:
        channels.channels = from * to;
        break;
    }
    const BatchType* type = registry.factory(edge.from).OutputType(edge.output);
    if (type != nullptr) channels.row_bytes = type->row_bytes;
    channels.columns = {registry.factory(edge.from).OutputTimed(edge.output),
                        edge.partitioning == Partitioning::kHash};
    edges.push_back(channels);
  }
  return PlanBatches(edges, options.memory, options.batch_rows);
}

/// What is known only while the deployment is built.
struct Deployment::Building {
  int region = kAll;  // whose tasks are made
  std::string run;
  std::map<std::pair<int, int>, Task*> tasks;          // (vertex, subtask)
  std::map<std::pair<int, int>, Operator*> operators;  // (operator, subtask)
  std::map<std::pair<int, int>, OperatorContext*> contexts;
  std::map<std::tuple<std::size_t, int, int>, OutputChannel*>
      channels;  // (edge, from subtask, to subtask)
  std::uint32_t numbered =
      0;  // channels so far, with those that are not here: the same count in all workers

  static constexpr int kAll = -1;
  bool again() const { return region != kAll; }
};

Deployment::Deployment(JobPlan plan, const FactoryRegistry& registry,
                       const DeploymentOptions& options, Slot::OnFailure on_failure)
    : plan_(std::move(plan)),
      registry_(registry),
      options_(options),
      batches_(PlanBatchesOf(plan_, registry, options).value()),
      memory_(options.memory) {
  int width = 1;
  for (const PlanVertex& v : plan_.vertices) width = std::max(width, v.parallelism);
  for (int i = 0; i < width; ++i) {
    if (!Holds(i)) continue;
    slots_.emplace_back(i, options_.clock, on_failure);
    if (options_.measure_steps) slots_.back().MeasureSteps();
  }
  if (options_.placement.workers > 1) {
    exchange_ = std::make_unique<Exchange>(options_.peers, [on_failure](const Status& status) {
      on_failure({"exchange", "exchange between workers", 0, status.message()});
    });
  }
  counters_.resize(plan_.operators.size());
  coordinators_.resize(plan_.operators.size());
  for (const PlanOperator& o : plan_.operators) {
    for (int s = 0; s < o.parallelism; ++s)
      counters_[static_cast<std::size_t>(o.id)].push_back(MakeCounters(o));
    if (o.kind == NodeKind::kSource) MakeSplitControl(o);
  }
  regions_ = Regions(plan_, [this](const PlanOperator& source) {
    return coordinator(source.id) != nullptr && coordinator(source.id)->deals_ahead();
  });
  channels_.resize(regions_.count());
  for (Slot& slot : slots_) {
    if (separates_regions()) slot.SeparateRegions();
  }
  Building building;
  building.run = options_.run;
  Build(&building);
  if (options_.checkpoints != nullptr) options_.checkpoints->Start(options_.clock);
  if (exchange_ != nullptr) exchange_->Start();
}

void Deployment::Build(Building* building) {
  const auto made = [&](int vertex, int subtask) {
    return Holds(subtask) &&
           (!building->again() || regions_.of({vertex, subtask}) == building->region);
  };
  for (const PlanVertex& v : plan_.vertices) {
    for (int s = 0; s < v.parallelism; ++s) {
      if (made(v.id, s)) MakeTask(v, s, building);
    }
  }
  for (const PlanEdge& edge : plan_.edges) {
    if (!edge.chained) MakeChannels(edge, building);
  }
  for (const PlanVertex& v : plan_.vertices) {
    for (const int id : v.operators) {
      for (int s = 0; s < v.parallelism; ++s) {
        if (made(v.id, s)) WireOutputs(op(id), s, building);
      }
    }
  }
}

void Deployment::RebuildRegion(int region, const std::string& run, RestorePoint point) {
  // As in the destructor: tasks hold batches of the channels. And what they held is free before others are made.
  for (const TaskId& task : regions_.tasks(region))
    slot(task.subtask).Replace(places_.at(task), nullptr);
  channels_[static_cast<std::size_t>(region)].clear();
  options_.checkpoints->BeginRegion(region, std::move(point));
  for (const PlanOperator& o : plan_.operators) {
    for (int s = 0; s < o.parallelism; ++s) {
      if (regions_.of({o.vertex, s}) == region)
        counters_[static_cast<std::size_t>(o.id)][static_cast<std::size_t>(s)] = MakeCounters(o);
    }
    if (o.kind == NodeKind::kSource) RestoreSplits(o, region);
  }
  Building building;
  building.region = region;
  building.run = run;
  Build(&building);
}

void Deployment::RestoreSplits(const PlanOperator& source, int region) {
  std::vector<int> subtasks;
  for (int s = 0; s < source.parallelism; ++s) {
    if (regions_.of({source.vertex, s}) == region) subtasks.push_back(s);
  }
  if (subtasks.empty()) return;
  SourceCoordinator& splits = *coordinator(source.id);
  if (subtasks.size() == static_cast<std::size_t>(source.parallelism)) {
    splits.StartAgain(MakeEnumerator(source));
    return ThrowIfNotRestored(options_.checkpoints->AddSource(source.name, &splits));
  }
  for (const int s : subtasks)
    ThrowIfNotRestored(splits.RestoreReader(s, options_.checkpoints->SplitsOf(source.name)));
}

std::unique_ptr<OperatorCounters> Deployment::MakeCounters(const PlanOperator& op) const {
  auto counters = std::make_unique<OperatorCounters>();
  for (const std::string& step : op.steps) {
    counters->steps.push_back(std::make_unique<StepCounters>());
    counters->steps.back()->name = step;
  }
  return counters;
}

std::unique_ptr<SplitEnumerator> Deployment::MakeEnumerator(const PlanOperator& source) {
  try {
    return registry_.factory(source.id).CreateEnumerator(source.parallelism);
  } catch (...) {
    throw UserError("source '" + source.name + "': " + internal::DescribeException());
  }
}

void Deployment::MakeSplitControl(const PlanOperator& source) {
  const Placement& placement = options_.placement;
  if (placement.worker != 0) {
    const std::int64_t restored =
        options_.checkpoints == nullptr ? 0 : options_.checkpoints->restored();
    for (int s = 0; s < source.parallelism; ++s) {
      if (!Holds(s)) continue;
      remote_readers_[{source.id, s}] = std::make_unique<RemoteSplitReader>(
          source.id, s, restored, options_.courier, &slot(s).parker());
    }
    return;
  }
  auto coordinator =
      std::make_unique<SourceCoordinator>(MakeEnumerator(source), source.parallelism);
  for (int s = 0; s < source.parallelism; ++s) {
    if (Holds(s)) {
      coordinator->set_waker(s, &slot(s).parker());
    } else {
      coordinator->SetRemote(s, source.id, options_.courier);
    }
  }
  if (options_.checkpoints != nullptr)
    ThrowIfNotRestored(options_.checkpoints->AddSource(source.name, coordinator.get()));
  coordinators_[static_cast<std::size_t>(source.id)] = std::move(coordinator);
}

RemoteSplitReader* Deployment::remote_reader(int source, int subtask) {
  const auto found = remote_readers_.find({source, subtask});
  return found == remote_readers_.end() ? nullptr : found->second.get();
}

SourceControl* Deployment::SplitControlOf(int source, int subtask) {
  SourceCoordinator* const here = coordinator(source);
  return here != nullptr ? here->reader(subtask) : remote_reader(source, subtask);
}

Deployment::~Deployment() {
  if (exchange_ != nullptr) exchange_->Stop();  // its thread wakes slots
  slots_.clear();                               // before the channels whose batches the tasks hold
}

void Deployment::MakeTask(const PlanVertex& vertex, int subtask, Building* building) {
  auto task = std::make_unique<Task>(vertex.name, subtask, options_.clock);
  for (const int id : vertex.operators) {
    const PlanOperator& o = op(id);
    auto context = std::make_unique<OperatorContext>();
    context->job_name = plan_.job_name;
    context->job_id =
        options_.checkpoints != nullptr ? options_.checkpoints->job_id() : options_.run;
    context->run = building->run;
    context->name = o.name;
    context->subtask = subtask;
    context->parallelism = o.parallelism;
    context->clock = options_.clock;
    context->memory = &memory_;
    context->counters =
        counters_[static_cast<std::size_t>(id)][static_cast<std::size_t>(subtask)].get();
    context->batch_rows = options_.batch_rows;
    if (o.kind == NodeKind::kSource) context->source_control = SplitControlOf(id, subtask);
    if (options_.checkpoints != nullptr) {
      context->checkpoints = true;
      context->restore = options_.checkpoints->RestoreOf(o.name, vertex.id, subtask, o.parallelism);
    }
    context->outputs.resize(o.outputs.size());
    context->port_factories.resize(o.outputs.size());
    auto created = registry_.factory(id).Create();
    building->operators[{id, subtask}] = created.get();
    building->contexts[{id, subtask}] = context.get();
    task->AddOperator(std::move(created), std::move(context), o.stateful);
  }
  const TaskId id{vertex.id, subtask};
  if (options_.checkpoints != nullptr) {
    CheckpointMail* mail =
        options_.checkpoints->AddTask(id, vertex.parallelism, &slot(subtask).parker());
    task->ExpectCheckpoints(id, options_.checkpoints->restored(), mail,
                            options_.checkpoints->uploads());
    const CheckpointSettings& settings = options_.checkpoints->settings();
    if (settings.mode == CheckpointSettings::Mode::kUnaligned)
      task->OvertakeAfter(settings.alignment_timeout_nanos);
    if (settings.mode == CheckpointSettings::Mode::kAtLeastOnce) task->SetAtLeastOnce();
  }
  building->tasks[{vertex.id, subtask}] = task.get();
  if (building->again()) {
    slot(subtask).Replace(places_.at(id), std::move(task));
  } else {
    places_[id] = slot(subtask).Add(std::move(task), regions_.of(id));
  }
}

BatchColumns Deployment::ColumnsOf(const PlanEdge& edge) const {
  return {registry_.factory(edge.from).OutputTimed(edge.output),
          edge.partitioning == Partitioning::kHash};
}

InputChannelInfo Deployment::InputInfoOf(const PlanEdge& edge) const {
  InputChannelInfo info;
  info.type = registry_.factory(edge.from).OutputType(edge.output);
  info.columns = ColumnsOf(edge);
  switch (edge.partitioning) {
    case Partitioning::kHash:
      info.owner = InFlightOwner::kHash;
      break;
    case Partitioning::kRebalance:
    case Partitioning::kRescale:
      info.owner = InFlightOwner::kAny;
      break;
    case Partitioning::kGlobal:
      info.owner = InFlightOwner::kFirst;
      break;
    case Partitioning::kForward:
    case Partitioning::kBroadcast:
    case Partitioning::kCustom:
      break;
  }
  return info;
}

void Deployment::MakeChannels(const PlanEdge& edge, Building* building) {
  const int producers = op(edge.from).parallelism;
  const int consumers = op(edge.to).parallelism;
  for (int s = 0; s < producers; ++s) {
    if (building->again() && regions_.of({op(edge.from).vertex, s}) != building->region) continue;
    for (const int t : TargetsOf(edge.partitioning, s, producers, consumers)) {
      if (Holds(s) && Holds(t)) {
        MakeLocalChannel(edge, s, t, building);
      } else if (Holds(s) || Holds(t)) {
        MakeRemoteEnd(edge, s, t, building);
      }
      ++building->numbered;
    }
  }
}

void Deployment::MakeRemoteEnd(const PlanEdge& edge, int from, int to, Building* building) {
  RemoteChannelOptions options;
  options.channel = building->numbered;
  options.type = registry_.factory(edge.from).OutputType(edge.output);
  MILLRACE_CHECK(options.type != nullptr, "an edge leaves an output without rows");
  options.columns = ColumnsOf(edge);
  options.batch_rows = options_.batch_rows;
  options.batch_bytes = batches_.batch_bytes;
  options.memory = &memory_;
  if (Holds(from)) {
    const int peer = options_.placement.WorkerOf(to);
    building->channels[{IndexOf(edge), from, to}] =
        exchange_->AddOutput(peer, options, &slot(from).parker());
  } else {
    const int peer = options_.placement.WorkerOf(from);
    building->tasks[{op(edge.to).vertex, to}]->AddInput(
        exchange_->AddInput(peer, options, &slot(to).parker()), edge.port, InputInfoOf(edge));
  }
}

void Deployment::MakeLocalChannel(const PlanEdge& edge, int from, int to, Building* building) {
  LocalChannelOptions options;
  options.type = registry_.factory(edge.from).OutputType(edge.output);
  MILLRACE_CHECK(options.type != nullptr, "an edge leaves an output without rows");
  options.columns = ColumnsOf(edge);
  options.batch_rows = options_.batch_rows;
  options.batch_bytes = batches_.batch_bytes;
  options.serialized = options_.serialized;
  options.memory = &memory_;
  options.leaves_hashes = from != to && !options.serialized && options.columns.hashes &&
                          building->operators[{edge.to, to}]->CanHashKeys(edge.port);
  auto channel = std::make_unique<LocalChannel>(options);
  if (from != to) {  // tasks of one slot need no waking
    channel->set_consumer_waker(&slot(to).parker());
    channel->set_producer_waker(&slot(from).parker());
  }
  building->channels[{IndexOf(edge), from, to}] = channel.get();
  building->tasks[{op(edge.to).vertex, to}]->AddInput(channel.get(), edge.port, InputInfoOf(edge));
  const int region = regions_.of({op(edge.from).vertex, from});
  channels_[static_cast<std::size_t>(region)].push_back(std::move(channel));
}

void Deployment::WireOutputs(const PlanOperator& from, int subtask, Building* building) {
  Task* task = building->tasks[{from.vertex, subtask}];
  OperatorContext* context = building->contexts[{from.id, subtask}];
  for (std::size_t i = 0; i < plan_.edges.size(); ++i) {
    const PlanEdge& edge = plan_.edges[i];
    if (edge.from != from.id) continue;
    const PlanOperator& to = op(edge.to);
    std::vector<OutputChannel*> targets;
    if (edge.chained) {
      DirectPort::Options options;
      options.type = registry_.factory(edge.from).OutputType(edge.output);
      options.columns = ColumnsOf(edge);
      options.batch_rows = options_.batch_rows;
      options.serialized = options_.serialized;
      options.name = to.name.c_str();
      options.memory = &memory_;
      options.owner = InputInfoOf(edge).owner;
      DirectPort* port = task->AddDirectPort(
          std::make_unique<DirectPort>(building->operators[{edge.to, subtask}], options));
      port->set_meter(building->contexts[{edge.to, subtask}]->state);
      targets.push_back(port);
    } else {
      for (const int t : TargetsOf(edge.partitioning, subtask, from.parallelism, to.parallelism)) {
        targets.push_back(building->channels[{i, subtask, t}]);
      }
    }
    auto out = std::make_unique<OutputEdge>(std::move(targets), ColumnsOf(edge).times,
                                            &task->arena(), context->counters);
    out->SetMemory(&memory_, batches_.max_dynamic);
    const auto output = static_cast<std::size_t>(edge.output);
    context->outputs[output].push_back(out.get());
    context->port_factories[output].push_back(registry_.port_factory(edge.to, edge.input));
    task->AddEdge(std::move(out));
  }
  const BatchType* type = registry_.factory(from.id).OutputType(0);
  if (type == nullptr || !context->outputs[0].empty()) return;
  const bool timed = registry_.factory(from.id).OutputTimed(0);
  auto discard =
      std::make_unique<DiscardChannel>(*type, BatchColumns{timed, true}, options_.batch_rows);
  auto out = std::make_unique<OutputEdge>(
      std::vector<OutputChannel*>{task->AddDiscard(std::move(discard))}, timed, &task->arena(),
      context->counters);
  context->outputs[0].push_back(out.get());
  context->port_factories[0].push_back(nullptr);
  task->AddEdge(std::move(out));
}

}  // namespace millrace
