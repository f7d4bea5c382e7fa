#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "millrace/operators/chain/chain_tail.h"
#include "millrace/operators/chain/side_port.h"
#include "millrace/operators/operator.h"

namespace millrace {

/// An operator whose results run through a fused chain, and into side outputs: what needs no type of theirs, so that no job
/// compiles it anew.
class ChainOperatorBase : public Operator {
 public:
  ~ChainOperatorBase() override;

  bool AdvanceWatermark(EventTime watermark, StepBudget& budget) override;
  bool Finish(StepBudget& budget) override;
  void ForwardIdle() override;
  void ForwardEnd() final;
  void ForwardBarrier(std::int64_t checkpoint) final;
  void Flush(FlushMode mode) final;
  bool Blocked() final;
  bool HasCommits() const final { return tail_->HasCommits(); }
  void PrepareCommit(OperatorSnapshot& to) final { tail_->PrepareCommit(to); }
  void CommitThrough(std::int64_t checkpoint) final { tail_->CommitThrough(checkpoint); }
  void Close() override { tail_->Close(); }

 protected:
  ChainOperatorBase();
  /// At construction: the end of the chain, which lives as long as the operator.
  void SetTail(ChainTail& tail) { tail_ = &tail; }
  /// Of Open: a side output, bound.
  void AddSide(std::unique_ptr<internal::SidePort> port);

  /// Notes a watermark and passes it on to all outputs.
  void ForwardWatermark(EventTime watermark);
  /// Records that have gone into side outputs so far.
  std::uint64_t emitted_aside() const;

  OperatorContext* context_ = nullptr;

 private:
  ChainTail* tail_ = nullptr;
  std::vector<std::unique_ptr<internal::SidePort>> sides_;
};

}  // namespace millrace
