#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/api/graph_builder.h"
#include "millrace/base/clock.h"
#include "millrace/io/channel/local_channel.h"
#include "millrace/operators/edge/port_tail.h"
#include "millrace/operators/keyed_process_operator.h"
#include "millrace/operators/user_error.h"
#include "millrace/testing/harness_recovery.h"

namespace millrace::testing {

/// A record with its event time; EventTime::Min() when the stream has none.
template <class T>
struct Stamped {
  T record;
  EventTime time;
};

/// A mistake of the test, not of the operator: a clock set back, a side output that is not there, a closed harness.
class HarnessMisuse : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace internal {

/// An edge with one target that the harness reads, or writes.
struct HarnessEdge {
  HarnessEdge(const BatchType& type, BatchColumns columns, Arena* arena, OperatorCounters* counters,
              std::uint32_t batch_rows = 16)
      : channel({&type, columns, batch_rows, UINT32_MAX / 2, false, nullptr}),
        edge({&channel}, columns.times, arena, counters) {}
  LocalChannel channel;
  OutputEdge edge;
};

/// A side output: its batches become rows when they are asked for.
struct HarnessSide {
  std::string name;
  const BatchType* type = nullptr;
  std::unique_ptr<HarnessEdge> edge;
  std::shared_ptr<void> rows;  // a vector<Stamped<S>>
};

/// What a harness is made of besides the types of its records: the environment of one subtask.
class HarnessParts {
 public:
  explicit HarnessParts(std::size_t inputs)
      : memory(std::int64_t{1} << 30), clock(1700000000000), inputs_(inputs) {
    for (std::size_t i = 0; i < inputs; ++i) {
      NodeSpec spec;
      spec.name = "input " + std::to_string(i);
      spec.kind = NodeKind::kSource;
      builder.Add(std::move(spec), nullptr);
    }
  }

  /// Calls `f`. What it throws becomes the error of the job, and stays.
  template <class F>
  void Guarded(F f) {
    if (!failure_.empty()) throw UserError(failure_);
    ArenaScope scope(arena);
    const TextPool::Scope in_texts(texts);
    try {
      f();
      if (op != nullptr && !ended_ && recovery.Turn(*op)) Recover();
      arena.Recycle();  // between steps, as a task does: state that kept a view of a record shows
    } catch (const HarnessMisuse&) {
      throw;
    } catch (...) {
      Fail(millrace::internal::DescribeException());
    }
  }

  void CheckPlan() {
    if (!builder.errors().empty()) throw PlanError(builder.errors().front());
    const std::size_t operators = static_cast<std::size_t>(builder.graph().size()) - inputs_;
    if (operators != 1) {
      throw PlanError(
          "a harness runs one operator with what is fused behind it, this pipeline has " +
          std::to_string(operators) + "; run the whole job with testing::TestCluster");
    }
    const NodeSpec& spec = builder.node(id());
    context.name = spec.name;
    context.clock = &clock;
    context.memory = &memory;
    context.arena = &arena;
    context.counters = &counters;
    for (const std::string& step : spec.steps) {
      counters.steps.push_back(std::make_unique<StepCounters>());
      counters.steps.back()->name = step;
    }
  }

  void Open() {
    const NodeSpec& spec = builder.node(id());
    context.outputs.resize(spec.outputs.size());
    context.port_factories.resize(spec.outputs.size());
    for (std::size_t i = 1; i < spec.outputs.size(); ++i) {
      HarnessSide side{spec.outputs[i].tag, builder.factory(id()).OutputType(static_cast<int>(i)),
                       nullptr, nullptr};
      side.edge =
          std::make_unique<HarnessEdge>(*side.type, BatchColumns{true, false}, &arena, &counters);
      context.outputs[i] = {&side.edge->edge};
      context.port_factories[i] = {nullptr};
      sides_.push_back(std::move(side));
    }
    context.checkpoints = true;
    op = builder.factory(id()).Create();
    try {
      op->Open(context);
    } catch (const NoSnapshotsError&) {  // a job without checkpoints may have such state
      recovery.enabled = context.checkpoints = false;
      op = builder.factory(id()).Create();
      op->Open(context);
    }
  }
  /// The operator is lost, and another one goes on from its last snapshot.
  void Recover() {
    op->Flush(FlushMode::kAll);
    op.reset();
    op = builder.factory(id()).Create();
    context.restore = &recovery;
    op->Open(context);
    context.restore = nullptr;
    ++recovery.restores;
  }

  struct Input {
    int port = 0;
    LocalChannel* channel = nullptr;
  };
  void PushBatch(Input input) {
    CheckOpen();
    Element element;
    while (input.channel->Pop(&element)) {
      if (element.kind != Element::Kind::kBatch) continue;
      const auto give_back = [&](Batch* batch) { input.channel->Return(batch); };
      const std::unique_ptr<Batch, decltype(give_back)> batch(element.batch, give_back);
      std::uint32_t row = 0;
      Until([&](StepBudget& budget) { return op->ProcessBatch(input.port, *batch, &row, budget); });
    }
    (void)input.channel->HasCredit();  // takes the batches back, which pin the arena
    op->Flush(FlushMode::kAll);
  }
  void AdvanceWatermark(EventTime time) {
    CheckOpen();
    if (time < watermark_) {
      throw HarnessMisuse("Watermark(" + time.ToString() + "): it stands at " +
                          watermark_.ToString() + " and never goes back");
    }
    watermark_ = time;
    Until([&](StepBudget& budget) { return op->AdvanceWatermark(time, budget); });
    op->Flush(FlushMode::kAll);
  }
  void AdvanceProcessingTime(EventTime time) {
    CheckOpen();
    const std::int64_t through = time.millis();
    if (through < clock.WallMillis() || through > kMaxTimestamp.millis()) {
      throw HarnessMisuse("ProcessingTime(" + time.ToString() + "): the clock stands at " +
                          EventTime::FromMillis(clock.WallMillis()).ToString() +
                          ", never goes back and ends with the year 9999");
    }
    for (std::int64_t last = INT64_MIN;;) {
      const std::int64_t next = op->NextProcessingTime();
      if (next > through || next == last) break;  // the same again: nothing was due after all
      last = next;
      SetClock(std::max(next, clock.WallMillis()));
    }
    SetClock(through);
    op->Flush(FlushMode::kAll);
  }
  void End() {
    CheckOpen();
    AdvanceWatermark(EventTime::Max());
    Until([&](StepBudget& budget) { return op->Finish(budget); });
    op->ForwardEnd();
    op->Flush(FlushMode::kAll);
    ended_ = true;
    op->CommitThrough(PendingCommits::kEndOfJob);
    op->Close();
  }

  template <class S>
  std::vector<Stamped<S>>& SideRows(const std::string& name) {
    const auto side = std::find_if(sides_.begin(), sides_.end(),
                                   [&](const HarnessSide& s) { return s.name == name; });
    if (side == sides_.end())
      throw HarnessMisuse("operator '" + context.name + "' has no side output '" + name + "'");
    if (side->type != &BatchTypeOf<S>()) {
      throw HarnessMisuse("the records of side output '" + name + "' are not of the tag's type");
    }
    if (side->rows == nullptr) side->rows = std::make_shared<std::vector<Stamped<S>>>();
    auto& rows = *static_cast<std::vector<Stamped<S>>*>(side->rows.get());
    Element element;
    while (side->edge->channel.Pop(&element)) {
      if (element.kind != Element::Kind::kBatch) continue;
      Batch* batch = element.batch;
      for (std::uint32_t i = 0; i < batch->size; ++i)
        Keep(batch->rows_as<S>()[i], batch->times[i], &rows);
      side->edge->channel.Return(batch);
    }
    return rows;
  }

  /// Appends a copy whose strings live as long as the harness.
  template <class T>
  void Keep(const T& record, EventTime time, std::vector<Stamped<T>>* rows) {
    rows->push_back({record, time});
    if constexpr (kHasStringView<T>) AdoptStrings(rows->back().record, kept);
  }

  int id() const { return static_cast<int>(inputs_); }

  MemoryAccount memory;
  ManualClock clock;
  TextPool texts;  // of the operator's state
  Arena arena;     // of the operator and of its input
  Arena kept;      // of what was emitted
  OperatorCounters counters;
  GraphBuilder builder;
  OperatorContext context;
  std::int64_t step_rows = INT64_MAX;
  HarnessRecovery recovery;

 private:
  static UserError PlanError(const std::string& what) { return UserError("plan the job: " + what); }
  [[noreturn]] void Fail(const std::string& what) {
    failure_ = what.starts_with("plan the job: ")
                   ? what
                   : "operator '" + context.name + "', subtask 0: " + what;
    throw UserError(failure_);
  }
  void CheckOpen() const {
    if (ended_) throw HarnessMisuse("the harness is closed: its inputs have ended");
  }
  void SetClock(std::int64_t millis) {
    clock.AdvanceMillis(millis - clock.WallMillis());
    Until([&](StepBudget& budget) { return op->AdvanceProcessingTime(millis, budget); });
  }
  template <class Step>
  void Until(Step step) {
    for (;;) {
      StepBudget budget = StepBudget::Rows(step_rows);
      if (step(budget)) return;
    }
  }

  const std::size_t inputs_;
  std::vector<HarnessSide> sides_;
  EventTime watermark_ = EventTime::Min();
  std::string failure_;
  bool ended_ = false;

 public:
  std::unique_ptr<Operator> op;  // last: it uses all that stands above
};

/// An input's edge as the job would make it: the record is routed, hashed and written into a batch.
template <class T>
class HarnessInput {
 public:
  void Bind(HarnessParts& parts, int number) {
    const NodeSpec& spec = parts.builder.node(parts.id());
    for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
      if (spec.inputs[i].node != number) continue;
      const bool keyed = spec.inputs[i].partitioning == Partitioning::kHash;
      edge_ = std::make_unique<HarnessEdge>(BatchTypeOf<T>(), BatchColumns{true, keyed},
                                            &parts.arena, &counters_, kBatchRows);
      context_.arena = &parts.arena;
      context_.counters = &counters_;
      context_.outputs = {{&edge_->edge}};
      port_ = spec.inputs[i].port;
      const auto* factory =
          static_cast<TypedPortEdgeFactory<T>*>(parts.builder.port_factory(parts.id(), i));
      writer_ = factory->Create(context_, 0, 0);
      return;
    }
    throw UserError("plan the job: input " + std::to_string(number) +
                    " of the harness is not read by the operator");
  }
  /// One batch, or several when it is full.
  HarnessParts::Input Write(const T* records, const EventTime* times, std::uint32_t count) {
    writer_->Scatter(const_cast<T*>(records), times, count,
                     false);  // not the last reader: the records are copied
    writer_->Flush(FlushMode::kAll);
    return {port_, &edge_->channel};
  }

 private:
  static constexpr std::uint32_t kBatchRows = 160;  // several blocks of an operator's rows

  OperatorCounters counters_;
  OperatorContext context_;
  std::unique_ptr<HarnessEdge> edge_;
  std::unique_ptr<PortEdge<T>> writer_;
  int port_ = 0;
};

}  // namespace internal
}  // namespace millrace::testing
