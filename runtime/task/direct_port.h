#pragma once

#include <deque>
#include <vector>

#include "millrace/io/channel.h"
#include "millrace/state/state_meter.h"
#include "runtime/task/in_flight.h"
#include "runtime/task/operator_input.h"

namespace millrace {

/// The channel between two operators chained in one task: a batch is processed where it is pushed, by one
/// virtual call. What can't be processed now (no room further down, step over) waits here, in order, and
/// the task goes on with it before it feeds the chain again.
class DirectPort final : public OutputChannel {
 public:
  struct Options {
    const BatchType* type = nullptr;
    BatchColumns columns;
    std::uint32_t batch_rows = kDefaultBatchRows;
    bool serialized = false;  // batches pass the wire codec on the way
    const char* name = "";    // of the consumer; outlives the port
    MemoryAccount* memory = nullptr;
    InFlightOwner owner = InFlightOwner::kNone;
  };

  DirectPort(Operator* consumer, const Options& options);
  ~DirectPort() override;
  DirectPort(const DirectPort&) = delete;
  DirectPort& operator=(const DirectPort&) = delete;

  /// The budget of the step that is running; set by the task.
  void set_budget(StepBudget* budget) { budget_ = budget; }
  OperatorInput& input() { return input_; }
  /// Of the consumer, when it is stateful.
  void set_meter(StateMeter* meter) { meter_ = meter; }

  Batch* Take() override { return Pending() ? nullptr : TakeOverdraft(); }
  Batch* TakeOverdraft() override;
  bool HasCredit() override { return !Pending(); }
  void Push(Batch* batch) override;
  void PushControl(Element element) override;
  bool ConsumerStarves() override { return !Pending(); }
  bool WithinTask() const override { return true; }
  void OwnTexts() override;

  /// Takes what a checkpoint has in flight for the consumer, which was a task's head then: before anything new. `batches` outlives
  /// the port.
  Status Restore(const OperatorRestore& from, std::uint32_t subtask, std::uint32_t subtasks,
                 RestoredBatches* batches);

  bool Pending() const { return input_.busy() || !queue_.empty(); }
  /// Goes on with what waits; true when nothing does.
  bool Drain();

 private:
  void Recycle(Batch* batch);
  void PassThroughCodec(Batch* batch);

  OperatorInput input_;
  const Options options_;
  const std::uint32_t capacity_;
  StepBudget* budget_ = nullptr;
  std::deque<Element> queue_;
  std::vector<Batch*> spare_;
  std::uint64_t next_sequence_ = 0;
  BatchLedger ledger_;
  StateMeter* meter_ = nullptr;
  ByteWriter wire_;
  Arena decode_arena_;
};

}  // namespace millrace
