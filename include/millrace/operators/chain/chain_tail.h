#pragma once

#include <cstdint>

#include "millrace/base/time.h"
#include "millrace/operators/edge/output_edge.h"
#include "millrace/operators/edge/output_end.h"

namespace millrace {

class OperatorSnapshot;

/// The end of a chain without its types: what an operator does with it between the loops over rows.
class ChainTail : public OutputEnd {
 public:
  // --- sinks only; Operator says what these are
  virtual bool HasCommits() const { return false; }
  virtual void PrepareCommit(OperatorSnapshot& /*to*/) {}
  virtual void CommitThrough(std::int64_t /*checkpoint*/) {}
  virtual void Close() {}
};

/// A tail that feeds one edge.
class EdgeTailBase : public ChainTail {
 public:
  bool Blocked() final;
  void Flush(FlushMode mode) final;
  void EmitWatermark(EventTime watermark) final;
  void EmitIdle() final;
  void EmitEnd() final;
  void EmitBarrier(std::int64_t checkpoint) final;

 protected:
  OutputEdge* edge_ = nullptr;
};

}  // namespace millrace
