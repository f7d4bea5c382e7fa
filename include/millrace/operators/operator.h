#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/base/memory.h"
#include "millrace/io/batch.h"
#include "millrace/operators/counters.h"
#include "millrace/operators/edge/output_edge.h"
#include "millrace/operators/source/source_api.h"
#include "millrace/operators/step_budget.h"

namespace millrace {

class OperatorRestore;
class OperatorSnapshot;
class PortEdgeFactory;
class StateMeter;

/// What an operator's subtask is given when it opens. Outlives the operator.
struct OperatorContext {
  std::string job_name;
  std::string job_id;  // WriterContext says what these two are
  std::string run;
  std::string name;  // of the operator
  int subtask = 0;
  int parallelism = 1;
  const Clock* clock = nullptr;
  MemoryAccount* memory = nullptr;
  StateMeter* state = nullptr;  // of stateful operators; may be null: nothing is metered
  Arena* arena = nullptr;       // bytes of `String`s made in this task
  OperatorCounters* counters = nullptr;
  SourceControl* source_control = nullptr;  // sources only: asks for splits
  /// Edges by output (0 = main, then side outputs); an output has several edges when it branches.
  std::vector<std::vector<OutputEdge*>> outputs;
  /// For outputs that branch: how each edge takes rows, same shape as `outputs`.
  std::vector<std::vector<PortEdgeFactory*>> port_factories;
  std::uint32_t batch_rows = kDefaultBatchRows;
  std::uint64_t seed = 0;
  bool checkpoints = false;                  // snapshots will be asked for
  const OperatorRestore* restore = nullptr;  // during Open: what to begin with; null: nothing
};

/// What a source's step says.
enum class SourceStatus {
  kMore,      // input is at hand
  kWaiting,   // nothing now: step again at `next_wakeup`, or when woken
  kFinished,  // all splits are read and no more will come
};

/// One subtask of one operator, seen by its task: a batch at a time, never a record at a time.
///
/// Every method may stop early and says so by returning false: the task calls it again with the same
/// arguments when an output has room or the next step begins. Called by one thread, never re-entered.
class Operator {
 public:
  virtual ~Operator() = default;

  virtual void Open(OperatorContext& context) = 0;

  /// Rows of `batch` from `*row` on, which is the cursor to go on from. True when all are consumed.
  virtual bool ProcessBatch(int port, Batch& batch, std::uint32_t* row, StepBudget& budget) = 0;

  /// True when `HashKeys` can do what the producer leaves out: keyed inputs whose keys are words, a column of which is cheap.
  virtual bool CanHashKeys(int /*port*/) const { return false; }
  /// Fills the batch's column of hashes, before anybody looks at it.
  virtual void HashKeys(int /*port*/, Batch& /*batch*/) {}

  /// The watermark of all inputs together has reached `watermark`: fire what is due, then pass it on.
  virtual bool AdvanceWatermark(EventTime watermark, StepBudget& budget) = 0;

  /// Fires processing-time timers that are due at `wall_millis`.
  virtual bool AdvanceProcessingTime(std::int64_t /*wall_millis*/, StepBudget& /*budget*/) {
    return true;
  }
  /// When AdvanceProcessingTime has something to do next; INT64_MAX for never.
  virtual std::int64_t NextProcessingTime() const { return INT64_MAX; }

  /// All inputs have ended, after the final watermark. True when the last result is out.
  virtual bool Finish(StepBudget& budget) = 0;

  /// Inputs are idle: say so downstream.
  virtual void ForwardIdle() = 0;
  virtual void ForwardEnd() = 0;
  virtual void Flush(FlushMode mode) = 0;
  /// True when an output has no room: don't pull input.
  virtual bool Blocked() = 0;
  /// Sinks: what was written is seen only when it is committed.
  virtual bool HasCommits() const { return false; }
  /// Commits what was prepared for this checkpoint and older ones: it is complete. PendingCommits::kEndOfJob without
  /// checkpoints, when the whole job has come to its end.
  virtual void CommitThrough(std::int64_t /*checkpoint*/) {}
  virtual void Close() {}

  // --- checkpoints (architecture.md, decisions 8 and 12)

  /// A barrier has come: everything before it is in, nothing behind it. Writes what is small at once, and freezes the
  /// tables: what they owe is written by SnapshotSlice and before it changes. `to` outlives that.
  virtual void BeginSnapshot(OperatorSnapshot& /*to*/) {}
  /// Of every checkpoint, also after the end of the input: prepares what sinks have written for being committed, and writes
  /// what is prepared and not committed yet.
  virtual void PrepareCommit(OperatorSnapshot& /*to*/) {}
  /// Writes about `max_rows` more rows of the oldest snapshot that is under way; true when nothing is owed to it any more.
  virtual bool SnapshotSlice(std::uint32_t /*max_rows*/) { return true; }
  /// Passes a barrier on, behind everything that was emitted.
  virtual void ForwardBarrier(std::int64_t checkpoint) = 0;

  /// Rows of keyed state, for tests: keys that hold something, of tumbling windows once per open window.
  virtual std::uint64_t StateRows() const { return 0; }
  /// Bytes that keyed state holds outside its tables and the task's texts; a walk over all rows where there are such. (StateMeter)
  virtual std::uint64_t HeldBytes() const { return 0; }
  /// Bytes of the tables of keyed state themselves.
  virtual std::uint64_t TableBytes() const { return 0; }
  /// Timers that user code has registered and that have not fired.
  virtual std::uint64_t PendingTimers() const { return 0; }

  /// Sources only.
  virtual SourceStatus Poll(StepBudget& /*budget*/) { return SourceStatus::kFinished; }
  /// Sources only: the clock reading (nanoseconds) to be polled again at; INT64_MAX for "when woken".
  virtual std::int64_t NextPoll() const { return INT64_MAX; }
};

/// Makes the subtasks of one operator; each gets its own copy of the user's functions.
class OperatorFactory {
 public:
  virtual ~OperatorFactory() = default;
  virtual std::unique_ptr<Operator> Create() const = 0;
  /// The rows of an output; null when it has none (a sink).
  virtual const BatchType* OutputType(int output) const = 0;
  /// True when an output's records carry event time.
  virtual bool OutputTimed(int output) const = 0;
  /// Sources: who reads which split.
  virtual std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const = 0;
};

/// How the consumer of a branching output takes its rows: made once per edge and subtask.
class PortEdgeFactory {
 public:
  virtual ~PortEdgeFactory() = default;
};

}  // namespace millrace
