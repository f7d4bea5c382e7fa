#include "millrace/operators/process_function.h"

#include "millrace/operators/chain/chain.h"

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

std::vector<std::unique_ptr<SidePort>> OpenSidePorts(OperatorContext& context,
                                                     SideOutputOwner& owner, const EventTime* now) {
  std::vector<std::unique_ptr<SidePort>> ports;
  std::size_t output = 1;
  for (const auto& entry : owner.side_outputs()) {
    ports.push_back(entry.make());
    ports.back()->Bind(context, output++);
    entry.bind(owner.output_member(entry), ports.back().get(), now);
  }
  return ports;
}

}  // namespace internal
}  // namespace millrace
