#pragma once

#include "millrace/operators/edge/output_end.h"
#include "millrace/operators/edge/port_tail.h"

namespace millrace {
namespace internal {

/// A side output's port without its record type: what an operator does with all of them.
class SidePort : public OutputEnd {
 public:
  virtual void Bind(OperatorContext& context, std::size_t output) = 0;
  /// Records that were emitted so far.
  virtual std::uint64_t emitted() const = 0;
};

template <class S>
class TypedSidePort final : public SidePort {
 public:
  void Bind(OperatorContext& context, std::size_t output) override { port_.Bind(context, output); }
  bool Blocked() override { return port_.Blocked(); }
  void Flush(FlushMode mode) override { port_.Flush(mode); }
  void EmitWatermark(EventTime watermark) override { port_.EmitWatermark(watermark); }
  void EmitIdle() override { port_.EmitIdle(); }
  void EmitEnd() override { port_.EmitEnd(); }
  void EmitBarrier(std::int64_t checkpoint) override { port_.EmitBarrier(checkpoint); }
  std::uint64_t emitted() const override { return port_.total() + port_.waiting(); }
  template <class U>
  void Push(U& record, EventTime time) {
    port_.Push(record, time);
  }

 private:
  OutputPort<S> port_;
};

}  // namespace internal
}  // namespace millrace
