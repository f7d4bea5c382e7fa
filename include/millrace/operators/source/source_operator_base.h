#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/base/time.h"
#include "millrace/io/bytes.h"
#include "millrace/operators/chain/chain_operator_base.h"

namespace millrace {
namespace internal {

/// A split that a subtask reads, without the types of its reader and its generator.
struct SplitBase {
  virtual ~SplitBase() = default;
  /// The watermark that its generator has reached.
  virtual EventTime Current() const = 0;
  /// Encodes the split as of the next record. A ConnectorError when the reader can't say it.
  virtual void PutPosition(ByteWriter& to) const = 0;
  /// The same, for messages; empty when the reader can't say it.
  virtual std::string PositionText() const = 0;

  EventTime watermark() const { return std::max(floor, Current()); }

  static constexpr std::int64_t kNotPolled = INT64_MIN;
  std::int64_t last_record = kNotPolled;  // clock reading, kept only with idleness
  bool idle = false;
  EventTime floor = EventTime::Min();  // the watermark that the split had when it was restored
};

}  // namespace internal

/// The head of a source's chain: polls its splits in turn, one batch of rows each, and keeps a watermark for each; the
/// operator's watermark is the minimum over the splits that are neither idle nor finished.
///
/// All that needs no type of the source's or its chain's: no job compiles it anew. One virtual call for each poll of a split.
class SourceOperatorBase : public ChainOperatorBase {
 public:
  ~SourceOperatorBase() override;

  SourceStatus Poll(StepBudget& budget) override;
  std::int64_t NextPoll() const override { return next_poll_; }
  bool ProcessBatch(int, Batch&, std::uint32_t*, StepBudget&) override { return true; }
  void BeginSnapshot(OperatorSnapshot& to) override;

 protected:
  /// `timed`: the records have event times. `idle_after`: a split without records for so long is idle; 0: never.
  SourceOperatorBase(bool timed, Duration idle_after);

  /// Of Open, when all outputs are bound: takes the checkpoint's splits and asks for more.
  void Begin();

  virtual std::unique_ptr<internal::SplitBase> OpenSplit(std::string_view bytes) = 0;
  /// Reads up to `max_rows` rows of a split into the chain.
  virtual PollResult PollSplit(internal::SplitBase& split, std::uint32_t max_rows) = 0;

 private:
  void RequestSplit();
  /// The enumerator had none, and did not say that none will come.
  SourceStatus AskAgain();
  void TakeAssignments();
  /// The splits that were being read are dealt out in turn when there are other subtasks than then.
  Status Restore(const OperatorRestore& from);
  /// Takes the splits of one of the checkpoint's subtasks; `dealt` counts those of all.
  Status RestoreSplits(std::string_view bytes, bool same_subtask, std::size_t* dealt,
                       EventTime* watermark);
  PollResult PollTurn(std::uint32_t max_rows);
  std::int64_t IdleNanos() const;
  void NoteIdleness(internal::SplitBase& split, PollResult& result);
  void EmitWatermark();

  bool timed_;
  Duration idle_after_;
  std::vector<std::unique_ptr<internal::SplitBase>> splits_;  // in the order of their turns
  std::size_t turn_ = 0;
  ChunkRows chunk_{512};
  std::int64_t next_poll_ = INT64_MAX;
  std::int64_t ask_again_ = INT64_MAX;           // clock reading, while there is no split
  bool expects_answer_ = false;                  // to a request for splits
  std::int64_t idle_without_split_ = INT64_MAX;  // the same; INT64_MAX when it was said, too
  EventTime watermark_ = EventTime::Min();
  bool all_idle_said_ = false;
  bool active_due_ = false;
};

}  // namespace millrace
