#pragma once

#include <cstdint>

#include "millrace/base/time.h"
#include "millrace/operators/edge/output_edge.h"

namespace millrace {

/// Where rows leave an operator, without their type: the end of its chain, a side output, one edge of an output that branches.
class OutputEnd {
 public:
  virtual ~OutputEnd() = default;
  /// True when it has no room: don't pull input.
  virtual bool Blocked() = 0;
  virtual void Flush(FlushMode mode) = 0;
  virtual void EmitWatermark(EventTime watermark) = 0;
  virtual void EmitIdle() = 0;
  virtual void EmitEnd() = 0;
  virtual void EmitBarrier(std::int64_t checkpoint) = 0;
};

}  // namespace millrace
