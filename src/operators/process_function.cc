#include "millrace/operators/process_function.h"

#include <algorithm>

#include "millrace/operators/chain.h"

namespace millrace {

StepCounters* ChainContext::NextStep() {
  return context_.counters->steps[next_step_++].get();
}

void SideOutputOwner::RegisterOutput(void* member, Entry entry) {
  entry.at = static_cast<std::byte*>(member) - reinterpret_cast<std::byte*>(this);
  outputs_.push_back(std::move(entry));
}

const BatchType* SideOutputOwner::TypeOfOutput(int output) const {
  return output >= 1 && output <= static_cast<int>(outputs_.size())
             ? outputs_[static_cast<std::size_t>(output) - 1].type
             : nullptr;
}

namespace internal {

SidePorts::SidePorts() = default;
SidePorts::~SidePorts() = default;

void SidePorts::Open(OperatorContext& context, SideOutputOwner& owner, const EventTime* now) {
  std::size_t output = 1;
  for (const auto& entry : owner.side_outputs()) {
    ports_.push_back(entry.make());
    ports_.back()->Bind(context, output++);
    entry.bind(owner.output_member(entry), ports_.back().get(), now);
  }
}
bool SidePorts::Blocked() {
  return std::any_of(ports_.begin(), ports_.end(), [](auto& port) { return port->Blocked(); });
}
void SidePorts::Flush(FlushMode mode) {
  for (auto& port : ports_) port->Flush(mode);
}
void SidePorts::EmitWatermark(EventTime watermark) {
  for (auto& port : ports_) port->EmitWatermark(watermark);
}
void SidePorts::EmitIdle() {
  for (auto& port : ports_) port->EmitIdle();
}
void SidePorts::EmitEnd() {
  for (auto& port : ports_) port->EmitEnd();
}
void SidePorts::EmitBarrier(std::int64_t checkpoint) {
  for (auto& port : ports_) port->EmitBarrier(checkpoint);
}
std::uint64_t SidePorts::emitted() const {
  std::uint64_t emitted = 0;
  for (const auto& port : ports_) emitted += port->emitted();
  return emitted;
}

}  // namespace internal
}  // namespace millrace
